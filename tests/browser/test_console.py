"""The console: what it shows, live, of what has arrived."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from local.function_logs import into_store
from local.serving import Server
from local.sls.store import NewLog, Store
from local.stack import WEB_DIST
from tests.browser.visitor import Visitor
from tests.support.site import serving_with_charts
from tests.support.waiting import in_some_try

pytestmark = pytest.mark.browser

MANY = 100_000
LIVE_MS = 2000  # from the click to the row
XSS = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=2</script>"\'><svg onload=pwned=3>'


class Console(NamedTuple):
    """A console open in a tab, the store that it shows, and its server."""

    page: Page
    store: Store
    server: Server

    def add(self, *notes: str, logstore: str = "shop") -> None:
        self.store.append(new_log(logstore, note=note) for note in notes)

    @property
    def rows(self) -> Locator:
        return self.page.locator(".row")

    def show(self, query: str = "") -> None:
        self.page.goto(f"{self.server.url}/console{query}")
        expect(self.page.locator("#connection")).to_have_text("live")

    def top(self) -> float:
        top: float = self.page.evaluate("document.getElementById('list').scrollTop")
        return top

    def scroll(self, top: int) -> None:
        self.page.evaluate("(top) => (document.getElementById('list').scrollTop = top)", top)


def new_log(logstore: str = "shop", *, tags: dict[str, str] | None = None, **fields: str) -> NewLog:
    now = time.time()
    return NewLog("demo", logstore, int(now), now, "topic", "source", tags or {"env": "demo"}, fields)


@pytest.fixture
def console(page: Page) -> Iterator[Console]:
    with contextlib.closing(Store()) as store, serving_with_charts(store, WEB_DIST) as server:
        yield Console(page, store, server)


def test_a_click_on_the_page_is_in_the_console_within_two_seconds(visitor: Visitor) -> None:
    console = visitor.page.context.new_page()
    console.goto(f"{visitor.allowed_site}/console")
    expect(console.locator("#connection")).to_have_text("live")
    visitor.open()

    numbers = itertools.count()

    def click() -> None:
        text = f"{visitor.note}, click {next(numbers)}"
        visitor.write(text)
        visitor.press("sendImmediate")
        expect(console.locator(".row").first).to_contain_text(text, timeout=LIVE_MS)

    in_some_try(click)


def test_an_empty_console_says_what_to_do(console: Console) -> None:
    console.show()

    expect(console.page.locator("#empty")).to_contain_text("Nothing has arrived yet")
    console.add("first")
    expect(console.rows).to_have_count(1)
    expect(console.page.locator("#empty")).to_be_hidden()


def test_a_logstore_is_chosen_by_its_tab_and_what_arrives_is_chosen_too(console: Console) -> None:
    console.add("a", "b")
    console.add("c", logstore="checkout")
    console.show()
    expect(console.page.locator("#logstores")).to_contain_text("All 3shop 2checkout 1function-logs 0")

    console.page.get_by_role("radio", name="checkout").check()
    expect(console.rows).to_have_count(1)
    expect(console.page.locator("#connection")).to_have_text("live")
    console.add("not here")
    console.add("here", logstore="checkout")

    expect(console.rows).to_have_count(2)
    expect(console.rows.first).to_contain_text("here")
    expect(console.page.locator("#logstores")).to_contain_text("All 5shop 3checkout 2function-logs 0")
    assert console.page.url.endswith("/console?logstore=checkout")


def test_text_narrows_the_list_is_marked_and_survives_a_reload(console: Console) -> None:
    console.add("red apple", "green pear", "red cherry")
    console.show()

    console.page.locator("#contains").fill("RED")
    expect(console.rows).to_have_count(2)
    expect(console.page.locator("mark").first).to_have_text("red")
    console.page.reload()

    expect(console.rows).to_have_count(2)
    expect(console.page.locator("#contains")).to_have_value("RED")


def test_a_log_is_laid_out_and_copied_as_json(console: Console) -> None:
    console.store.append([new_log(note="hello", price="5")])
    console.show()
    console.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    console.rows.first.click()
    console.page.get_by_role("button", name="Copy as JSON").click()

    expect(console.page.get_by_role("button", name="Copied")).to_be_visible()
    detail = console.page.locator("#detail")
    assert detail.locator("th").all_inner_texts() == ["note", "price", "env"]
    copied = json.loads(console.page.evaluate("navigator.clipboard.readText()"))
    assert list(copied) == ["time", "logstore", "topic", "source", "tags", "fields"]
    assert copied["fields"] == {"note": "hello", "price": "5"}


def test_the_keyboard_walks_through_the_logs(console: Console) -> None:
    console.add(*(f"log {number}" for number in range(300)))
    console.show()
    console.page.locator("#list").focus()

    for key in ("ArrowDown", "ArrowDown", "PageDown", "Home", "ArrowDown"):
        console.page.keyboard.press(key)

    expect(console.page.locator(".row[aria-selected=true]")).to_contain_text("log 298")
    expect(console.page.locator("#detail")).to_contain_text("log 298")
    console.page.keyboard.press("Escape")
    expect(console.page.locator("#detail")).to_be_hidden()


def test_what_a_log_holds_is_never_markup(console: Console) -> None:
    fields = {"note": XSS, XSS: "name"}
    hostile = NewLog("demo", XSS, int(time.time()), time.time(), XSS, XSS, {XSS: XSS}, fields)
    console.store.append([hostile])
    console.show("?contains=onerror")

    expect(console.rows.first).to_contain_text("<img src=x onerror=")
    console.rows.first.click()

    expect(console.page.locator("#detail th").nth(1)).to_have_text(XSS)
    assert console.page.locator("main img, main script, main svg").count() == 0
    assert console.page.evaluate("globalThis.pwned") is None


def test_the_policy_would_stop_a_script_even_if_markup_came_through(console: Console) -> None:
    console.show()

    console.page.evaluate("(markup) => { document.body.innerHTML += markup }", XSS)

    stopped = "() => document.querySelector('body > img').complete && globalThis.pwned === undefined"
    console.page.wait_for_function(stopped)
    assert console.page.evaluate("globalThis.pwned") is None


def test_pause_holds_what_arrives_until_it_is_asked_for(console: Console) -> None:
    console.add("before")
    console.show()
    console.page.get_by_role("button", name="Pause").click()

    console.add("one", "two")
    expect(console.page.locator("#fresh")).to_have_text("2 new ↑")
    expect(console.rows).to_have_count(1)
    console.page.get_by_role("button", name="Resume").click()

    expect(console.rows).to_have_count(3)
    expect(console.page.locator("#fresh")).to_be_hidden()


def test_new_logs_do_not_move_what_is_being_read(console: Console) -> None:
    console.add(*(f"log {number}" for number in range(150)))
    console.show()
    expect(console.rows.first).to_contain_text("log 149")
    console.scroll(1800)
    before = console.top()

    console.add("new one")

    expect(console.page.locator("#fresh")).to_have_text("1 new ↑")
    assert console.top() == before + 36
    console.page.locator("#fresh").click()
    expect(console.page.locator(".row[data-index='0']")).to_contain_text("new one")


def test_a_flood_is_caught_up_with(console: Console) -> None:
    console.show()

    console.add(*(f"log {number}" for number in range(5000)))

    expect(console.page.locator(".row[data-index='0']")).to_contain_text("log 4999")
    expect(console.page.locator("#logstores")).to_contain_text("All 5,000")


def test_a_lost_connection_is_shown(console: Console) -> None:
    console.show()

    console.server.stop()

    expect(console.page.locator("#connection")).to_have_text("connection lost, trying again")


def timed(act: Callable[[], None]) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def test_a_hundred_thousand_logs_are_as_handy_as_a_hundred(console: Console) -> None:
    console.store.append(new_log(note=f"log {number:06}") for number in range(MANY))
    first = console.page.locator(".row[data-index='0']")
    opening = timed(console.show)
    expect(first).to_contain_text("log 099999")
    expect(console.page.locator("#logstores")).to_contain_text("All 100,000")
    expect(console.page.locator("#loaded")).to_have_text("100,000 logs")
    console.page.locator("#contains").fill("log 000042")

    finding = timed(lambda: expect(first).to_contain_text("log 000042"))
    console.page.locator("#contains").fill("")
    expect(first).to_contain_text("log 099999")
    console.add("the newest")
    arriving = timed(lambda: expect(first).to_contain_text("the newest"))

    assert max(opening, finding, arriving) < 20  # a second at most; the rest is for a busy machine


def test_every_log_can_be_scrolled_to_and_back(console: Console) -> None:
    console.store.append(new_log(note=f"log {number:06}") for number in range(MANY))
    console.show()

    def row(index: int) -> Locator:
        return console.page.locator(f".row[data-index='{index}']")

    for index in (50_000, MANY - 1, 49_900, 25, 0):
        console.scroll(36 * index)
        for near in {index, min(MANY - 1, index + 5)}:
            expect(row(near)).to_contain_text(f"log {MANY - 1 - near:06}")
        assert console.rows.count() < 100
    assert console.top() == 0
    console.scroll(36 * 50_000)
    row(50_003).click()
    expect(console.page.locator("#detail")).to_contain_text(f"log {MANY - 50_004:06}")

    # What arrives meanwhile moves neither what is read nor what is selected.
    console.add(*(f"new {number}" for number in range(5)))
    expect(console.page.locator("#fresh")).to_have_text("5 new ↑")
    expect(row(50_008)).to_contain_text(f"log {MANY - 50_004:06}")
    expect(row(50_008)).to_have_attribute("aria-selected", "true")
    expect(row(50_008)).to_have_attribute("aria-setsize", str(MANY + 5))


def test_the_keyboard_reaches_the_oldest_log(console: Console) -> None:
    console.add(*(f"log {number}" for number in range(3000)))
    console.show()
    console.page.locator("#list").focus()

    console.page.keyboard.press("End")

    expect(console.page.locator(".row[aria-selected=true]")).to_contain_text("log 0")
    expect(console.page.locator("#detail td").first).to_have_text("log 0")


def test_a_flood_while_one_reads_moves_nothing(console: Console) -> None:
    console.add(*(f"log {number}" for number in range(1000)))
    console.show()
    console.scroll(36 * 500)
    expect(console.page.locator(".row[data-index='500']")).to_contain_text("log 499")

    console.add(*(f"new {number}" for number in range(1000)))

    expect(console.page.locator("#fresh")).to_have_text("1,000 new ↑")
    expect(console.page.locator(".row[data-index='1500']")).to_contain_text("log 499")
    console.page.locator("#fresh").click()
    expect(console.page.locator(".row[data-index='0']")).to_contain_text("new 999")


def test_what_a_function_printed_is_shown_by_its_members(console: Console) -> None:
    line = '{"level":"ERROR","event":"refused","requestId":"1-a","status":503,"errorCode":"ServerBusy"}'
    into_store(console.store, "demo", lambda *_: None)("track", "1-a", line)
    console.add("of a page")
    console.show("?logstore=function-logs")

    expect(console.rows).to_have_count(1)
    text = "function: track level: ERROR event: refused status: 503 errorCode: ServerBusy"
    expect(console.rows.locator(".summary")).to_have_text(text)
    tabs = console.page.locator("#logstores")
    expect(tabs).to_contain_text("All 1shop 1checkout 0function-logs 1")
    into_store(console.store, "demo", lambda *_: None)("token", "1-b", '{"event":"answered","status":200}')

    expect(console.rows).to_have_count(2)
    expect(tabs).to_contain_text("All 1shop 1checkout 0function-logs 2")
    console.rows.last.click()
    console.page.get_by_role("button", name="Only logs with this errorCode").click()
    expect(console.rows).to_have_count(1)
    assert console.page.url.endswith("?logstore=function-logs&f.errorCode=ServerBusy")


def test_the_subject_of_a_ticket_is_shown_in_the_row_and_in_the_detail(console: Console) -> None:
    console.store.append([new_log(tags={"subject": "customer-42"}, note="with"), new_log(note="without")])
    console.show()

    row = console.rows.filter(has_text="customer-42")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("with")
    expect(console.rows.filter(has_text="without").locator(".subject")).to_have_count(0)
    row.click()

    expect(console.page.locator(".facts")).to_contain_text("Subjectcustomer-42")


def test_a_subject_that_looks_like_markup_stays_text(console: Console) -> None:
    console.store.append([new_log(tags={"subject": XSS}, note="with")])
    console.show()

    expect(console.rows.locator(".subject")).to_have_text(XSS)
    console.rows.first.click()

    expect(console.page.locator(".facts")).to_contain_text(XSS)
    assert console.page.evaluate("globalThis.pwned") is None
