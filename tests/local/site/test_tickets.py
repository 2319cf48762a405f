"""The tickets that the site issues to its page, checked as the functions check them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.serving import Server
from local.site import TicketDesk, create_site
from local.site.tickets import SUBJECT
from local.sls.store import Store
from shared.access.tickets import TicketError, Tickets

KEYS = {"first": b"1" * 32, "second": b"2" * 32}
GUARDED = "http://127.0.0.1:9000/guarded"


@pytest.fixture
def issuing(store: Store, web_dist: Path) -> Iterator[httpx.Client]:
    site = create_site(
        store,
        functions_url="http://127.0.0.1:9000",
        sls_url="http://127.0.0.1:9001",
        project="demo",
        logstores=["shop"],
        web_dist=web_dist,
        tickets=TicketDesk(KEYS, GUARDED, 600),
    )
    with Server(site) as server, httpx.Client(base_url=server.url) as client:
        yield client


def test_a_ticket_is_good_for_its_time_and_says_for_whom(issuing: httpx.Client) -> None:
    answer = issuing.get("/ticket")

    issued = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert issued["subject"] == SUBJECT
    assert issued["expires"] == pytest.approx(time.time() + 600, abs=60)
    checked = Tickets({"first": KEYS["first"]}, 600 + 60).check(issued["ticket"], time.time())
    assert checked.subject == SUBJECT
    with pytest.raises(TicketError, match="expired"):
        Tickets(KEYS, 600).check(issued["ticket"], issued["expires"] + 60)


def test_an_expired_ticket_can_be_had_to_see_how_it_is_refused(issuing: httpx.Client) -> None:
    issued = issuing.get("/ticket?state=expired").json()

    with pytest.raises(TicketError, match="has expired"):
        Tickets(KEYS, 600).check(issued["ticket"], time.time())


def test_another_state_is_refused(issuing: httpx.Client) -> None:
    answer = issuing.get("/ticket?state=eternal")

    assert (answer.status_code, answer.json()) == (400, {"error": "state must be good or expired"})


def test_no_other_site_may_ask_for_one(issuing: httpx.Client) -> None:
    answer = issuing.get("/ticket", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers  # so that no page there may read it
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert issuing.get("/ticket", headers={"Host": "rebound.example"}).status_code == 400


def test_the_page_is_told_where_tickets_are_wanted(issuing: httpx.Client) -> None:
    assert issuing.get("/config.json").json()["guardedUrl"] == GUARDED


def test_a_site_without_keys_issues_none(site: httpx.Client) -> None:
    assert site.get("/ticket").status_code == 404
    assert "guardedUrl" not in site.get("/config.json").json()
