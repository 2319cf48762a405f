"""Ticket mode: what the page sends carries the ticket that the site issued, and is refused without one."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from local.site.tickets import SUBJECT
from local.stack import Stack
from ops.ticket.issue import issue
from tests.browser.conftest import FunctionLog
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

CALLS = [
    ("send", 1),
    ("sendImmediate", 1),
    ("sendBatchLogs", 3),
    ("sendBatchLogsImmediate", 3),
    ("img", 1),
    ("get", 1),
]
REFUSALS = [
    ("expired", "403 TicketInvalid, the ticket has expired"),
    ("none", "403 TicketInvalid, a ticket is missing"),
]
HALF = "05:01"  # minutes:seconds, just past half of a ticket's life
TAKEN = f"Track takes this page’s ticket: issued by the site for {SUBJECT}"


def issued(stack: Stack, subject: str) -> dict[str, object]:
    """What the site answers to a page that asks for a ticket."""
    kid, key = next(iter(stack.deployment.ticket_keys.items()))
    expires = int(time.time()) + 600
    ticket = issue(kid, key, {"exp": expires, "sub": subject})
    return {"ticket": ticket, "subject": subject, "expires": expires}


@pytest.mark.parametrize(("call", "logs"), CALLS)
def test_each_call_is_stored_with_the_tickets_subject(visitor: Visitor, call: str, logs: int) -> None:
    visitor.open(mode="ticket", time="0.2")
    expect(visitor.page.locator("#status")).to_contain_text(TAKEN)

    visitor.press(call)

    stored = visitor.wait_for_logs(logs)
    assert {log.tags["subject"] for log in stored} == {SUBJECT}
    assert {log.tags["client_ip"] for log in stored} == {"127.0.0.1"}
    expect(visitor.line(call, "stored")).to_contain_text("in web-tracking-logstore after")


@pytest.mark.parametrize("call", ["sendImmediate", "img", "get"])
@pytest.mark.parametrize(("ticket", "reason"), REFUSALS)
def test_without_a_good_ticket_the_page_says_that_all_is_lost_and_why(
    visitor: Visitor, ticket: str, reason: str, call: str
) -> None:
    visitor.open(mode="ticket", ticket=ticket)
    status = visitor.page.locator("#status")
    expect(status).to_contain_text(f"Track takes nothing from this page: {reason}")
    expect(status).to_contain_text("lost, because the SDK never sends a batch twice")

    visitor.press(call)

    expect(visitor.line(call, "stored")).to_contain_text(f"lost: {reason}")
    assert visitor.stored() == []


def test_a_refusal_that_a_page_may_read_is_shown_as_it_came(visitor: Visitor) -> None:
    visitor.open(mode="ticket", ticket="expired")
    visitor.write(visitor.note + "x" * 40_960)  # too long for a beacon

    visitor.press("sendImmediate")

    visitor.expect_answer("sendImmediate", '403 {"errorCode":"TicketInvalid"')
    assert visitor.stored() == []


def test_choosing_another_ticket_loads_the_page_with_it(visitor: Visitor) -> None:
    visitor.open(mode="ticket")
    expect(visitor.page.locator("#status")).to_contain_text(TAKEN)

    visitor.page.get_by_label("Expired").check()

    expect(visitor.page.locator("#status")).to_contain_text("the ticket has expired")
    visitor.page.get_by_label("Anonymous").check()
    expect(visitor.page.locator("#status")).to_have_text("No credential needed.")
    expect(visitor.page.locator("#ticket-choice")).to_be_hidden()


def test_what_the_ticket_says_can_be_read(visitor: Visitor) -> None:
    visitor.open(mode="ticket")

    visitor.page.get_by_text("What the ticket says").click()

    expect(visitor.page.locator("#held-text")).to_contain_text('"alg":"HS256"')
    expect(visitor.page.locator("#held-text")).to_contain_text(f'"sub":"{SUBJECT}"')


def test_a_fresh_ticket_is_fetched_before_the_old_one_expires_and_used(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.open(mode="ticket", time="3600")
    status = visitor.page.locator("#status")
    expect(status).to_contain_text(TAKEN)
    visitor.press("sendBatchLogs")
    visitor.page.route("**/ticket?*", lambda route: route.fulfill(json=issued(visitor.stack, "customer-43")))

    visitor.page.clock.fast_forward(HALF)

    expect(status).to_contain_text("Track takes this page’s ticket: issued by the site for customer-43")
    visitor.press("sendImmediate")
    subjects = sorted(log.tags["subject"] for log in visitor.wait_for_logs(4))
    assert subjects == [*3 * [SUBJECT], "customer-43"]  # the old tracker's queue went with the old ticket


def test_a_site_that_issues_no_fresh_ticket_is_said_and_the_old_one_stays_in_use(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.open(mode="ticket")
    expect(visitor.page.locator("#status")).to_contain_text(TAKEN)
    visitor.page.route("**/ticket?*", lambda route: route.fulfill(status=503))

    visitor.page.clock.fast_forward(HALF)

    status = visitor.page.locator("#status")
    expect(status).to_contain_text("could not be renewed; the old one stays in use: the site answered 503")
    visitor.press("sendImmediate")
    visitor.wait_for_logs(1)
    visitor.page.unroute("**/ticket?*")
    visitor.page.clock.fast_forward("00:31")
    expect(status).to_contain_text(TAKEN)


def test_what_is_sent_before_the_first_ticket_waits_for_it(visitor: Visitor) -> None:
    visitor.page.route("**/ticket?*", lambda route: route.fulfill(status=503))
    visitor.open(mode="ticket")
    expect(visitor.page.locator("#status")).to_contain_text("could not be fetched: the site answered 503")
    visitor.press("sendImmediate")
    visitor.press("get")
    assert visitor.stored() == []

    visitor.page.unroute("**/ticket?*")
    visitor.page.get_by_role("button", name="Try again").click()

    visitor.wait_for_logs(2)


def test_no_ticket_is_shown_or_logged_whole(visitor: Visitor, function_log: FunctionLog) -> None:
    since = len(function_log.lines)
    with visitor.page.expect_response(re.compile("/ticket")) as answer:
        visitor.open(mode="ticket")
    for call in ("sendImmediate", "img", "get"):
        visitor.press(call)
    visitor.wait_for_logs(3)

    ticket = answer.value.json()["ticket"]
    expect(visitor.line("sendImmediate", "request")).to_contain_text("/guarded/t/…/logstores/")
    shown = visitor.page.locator("body").inner_text() + "".join(function_log.lines[since:])
    assert not [part for part in ticket.split(".") if part in shown]
