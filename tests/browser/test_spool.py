"""The console's switch, and an outage of SLS as a page and somebody at the console see it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

RECOVERY_MS = 90_000  # from SLS being up again to the log in it; a run of replay may have just begun a pause
UPLOAD_MS = 60_000  # an upload to a SLS that is down takes as long as track's retries


@pytest.fixture
def console(visitor: Visitor, stack: Stack) -> Iterator[Page]:
    """The console, open in a tab of its own beside the page; SLS is up afterwards."""
    tab = visitor.page.context.new_page()
    tab.goto(f"{visitor.allowed_site}/console")
    expect(tab.locator("#connection")).to_have_text("live")
    yield tab
    stack.outage.switch(up=True)


def switch(console: Page, state: str) -> Locator:
    return console.get_by_role("radiogroup", name="SLS is").get_by_role("radio", name=state, exact=True)


def test_the_switch_throws_and_shows_what_it_is_without_a_reload(console: Page, stack: Stack) -> None:
    console.evaluate("globalThis.loaded = 'once'")
    expect(switch(console, "up")).to_be_checked()

    switch(console, "down").check()
    expect(console.locator("#sls-note")).to_contain_text("It answers writes with 503")
    expect(switch(console, "down")).to_be_enabled()
    assert not stack.outage.up
    expect(switch(console, "down")).to_be_focused()
    console.keyboard.press("ArrowLeft")

    expect(switch(console, "up")).to_be_checked()
    expect(console.locator("#sls-note")).to_be_empty()
    assert stack.outage.up
    assert console.evaluate("globalThis.loaded") == "once"


def test_another_tab_shows_it_too(console: Page, stack: Stack) -> None:
    stack.outage.switch(up=False)
    expect(switch(console, "down")).to_be_checked()

    stack.outage.switch(up=True)
    expect(switch(console, "up")).to_be_checked()


def test_a_switch_that_was_not_thrown_goes_back_and_says_so(console: Page, stack: Stack) -> None:
    console.route("**/api/sls", lambda route: route.abort())

    switch(console, "down").click()

    expect(console.locator("#sls-note")).to_contain_text("That did not work")
    expect(switch(console, "up")).to_be_checked()
    assert stack.outage.up


def test_an_event_sent_while_sls_is_down_arrives_when_it_is_up_with_its_own_time(
    visitor: Visitor, console: Page
) -> None:
    page = visitor.page
    switch(console, "down").check()
    expect(switch(console, "down")).to_be_enabled()
    visitor.open()
    since = time.time()

    with page.expect_response(lambda answer: answer.request.method == "POST", timeout=UPLOAD_MS) as caught:
        visitor.write(visitor.note + "x" * 70_000)  # too much for sendBeacon, whose answer nobody sees
        visitor.press("sendImmediate")

    assert (caught.value.status, caught.value.headers["x-log-spooled"]) == (200, "1")
    spooled = time.time()
    expect(console.locator("#depth")).to_have_text("Spool: 1 batch waits")
    expect(console.locator("#oldest")).to_contain_text("the oldest for")
    assert visitor.stored() == []

    switch(console, "up").check()
    expect(console.locator(".row").first).to_contain_text(visitor.note, timeout=RECOVERY_MS)
    expect(console.locator("#depth")).to_have_text("Spool: empty", timeout=RECOVERY_MS)
    expect(console.locator("#oldest")).to_be_empty()
    (log,) = visitor.stored()
    assert int(since) <= log.time <= spooled < log.received
    assert log.tags["client_ip"] == "127.0.0.1"


def test_every_way_of_the_sdk_survives_an_outage(visitor: Visitor, stack: Stack, console: Page) -> None:
    visitor.open(time="0.2")
    switch(console, "down").check()
    expect(switch(console, "down")).to_be_enabled()

    for call in ("send", "sendImmediate", "sendBatchLogsImmediate", "img", "get"):
        visitor.press(call)
    # One request each; what is in the queue may go along with the next.
    expect(console.locator("#depth")).to_contain_text("batches wait", timeout=UPLOAD_MS)
    into_spool = "200, into the spool: SLS takes nothing"
    expect(visitor.line("get", "answer")).to_have_text(into_spool, timeout=UPLOAD_MS)
    for call in ("img", "get"):  # the one learns it from the console, the other from its own answer
        expect(visitor.line(call, "stored")).to_contain_text("waiting in the spool", timeout=UPLOAD_MS)
    visitor.expect_answer("img", "a picture")
    stack.outage.switch(up=True)

    expect(console.locator("#depth")).to_have_text("Spool: empty", timeout=RECOVERY_MS)
    visitor.wait_for_logs(7)
    expect(visitor.line("get", "stored")).to_contain_text("show in the console", timeout=RECOVERY_MS)
