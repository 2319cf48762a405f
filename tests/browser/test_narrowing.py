"""The console's list, narrowed: by values of fields, by time, in the page's address, and on a phone."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from local.sls.store import NewLog
from local.stack import Stack
from tests.browser.test_charts import bars, chart
from tests.browser.test_console import Console, console, new_log

pytestmark = pytest.mark.browser
__all__ = ["console"]  # a fixture

PHONE = {"width": 390, "height": 844}


def value(page: Page, name: str, text: str) -> Locator:
    """The box of a value, as its reader finds it."""
    return page.get_by_role("group", name=name, exact=True).get_by_role("checkbox", name=text)


def counted(page: Page, name: str) -> dict[str, str]:
    values = page.locator(f"details[data-name='{name}'] .value")
    texts = values.locator(".value-text").all_inner_texts()
    return dict(zip(texts, values.locator("b").all_inner_texts(), strict=True))


def asked(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def fill(console: Console) -> None:
    """1,204 times checkout, 2,000 times view: more than the list ever holds at once."""
    console.store.append(new_log(event="view", page=f"/p/{number % 3}") for number in range(2000))
    console.store.append(new_log(event="checkout", page=f"/p/{number % 2}") for number in range(1204))


def test_a_click_on_a_value_narrows_the_list_by_what_the_store_holds(console: Console) -> None:
    fill(console)
    console.show()
    page = console.page
    expect(value(page, "event", "checkout 1,204 logs")).to_be_visible()
    assert counted(page, "event") == {"view": "2,000", "checkout": "1,204"}

    value(page, "event", "checkout").check()

    expect(page.locator("#loaded")).to_have_text("1,204 logs match")
    expect(page.locator("#logstores")).to_contain_text("All 1,204shop 1,204checkout 0")
    assert set(page.locator(".row .summary").all_inner_texts()) <= {
        f"topic event: checkout page: /p/{number}" for number in range(2)
    }
    expect(page.locator("details[data-name=page] .value")).to_have_count(2)
    assert counted(page, "page") == {"/p/0": "602", "/p/1": "602"}
    assert counted(page, "event") == {"view": "2,000", "checkout": "1,204"}  # to add the other
    value(page, "page", "/p/1").check()
    expect(page.locator("#loaded")).to_have_text("602 logs match")
    page.get_by_role("button", name="Remove event: checkout").click()
    expect(page.locator("#loaded")).to_have_text(f"{602 + 667:,} logs match")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#loaded")).to_have_text("3,204 logs")


def test_what_arrives_is_counted_and_only_what_matches_is_shown(console: Console) -> None:
    console.store.append([new_log(event="view"), new_log(event="checkout")])
    console.show("?f.event=checkout")
    expect(console.rows).to_have_count(1)

    console.store.append([new_log(event="view"), new_log(event="checkout")])

    expect(console.rows).to_have_count(2)
    expect(value(console.page, "event", "checkout 2 logs")).to_be_checked()
    expect(value(console.page, "event", "view 2 logs")).not_to_be_checked()


def test_the_address_keeps_everything_that_was_chosen(console: Console) -> None:
    fill(console)
    console.show()
    page = console.page
    value(page, "event", "view").check()
    value(page, "event", "checkout").check()
    value(page, "page", "/p/2").check()
    page.locator("#contains").fill("VIEW")
    page.get_by_role("radio", name="shop").check()
    page.get_by_label("Time", exact=True).select_option("Last hour")
    expect(page.locator("#loaded")).to_have_text("666 logs match")
    before = page.url

    page.reload()

    expect(page.locator("#loaded")).to_have_text("666 logs match")
    expect(value(page, "event", "view")).to_be_checked()
    expect(value(page, "page", "/p/2")).to_be_checked()
    expect(page.get_by_label("Time", exact=True)).to_have_value("60")
    expect(page.get_by_role("radio", name="shop")).to_be_checked()
    assert page.url == before
    fields = {"f.event": "checkout", "f.page": "/p/2"}  # of event two, of which this is the last
    assert asked(page) == {"logstore": "shop", "contains": "VIEW", "minutes": "60", **fields}


def test_it_works_by_keyboard(console: Console) -> None:
    fill(console)
    console.show()
    page = console.page
    expect(value(page, "event", "checkout")).to_be_visible()
    value(page, "event", "view").focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#loaded")).to_have_text("1,204 logs match")
    expect(value(page, "event", "checkout")).to_be_focused()

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(value(page, "event", "checkout")).to_be_hidden()
    console.store.append([new_log(event="view")])
    expect(page.locator("#logstores")).to_contain_text("All 1,204")
    expect(value(page, "event", "checkout")).to_be_hidden()  # still folded


def test_all_values_of_a_field_on_demand(console: Console) -> None:
    console.store.append(new_log(code=f"c{number:02}") for number in range(40) for _ in range(2))
    console.show()
    values = console.page.locator("details[data-name=code] .value")
    expect(values).to_have_count(6)

    console.page.get_by_role("button", name="34 more").click()

    expect(values).to_have_count(40)
    value(console.page, "code", "c39 2 logs").check()
    expect(console.page.locator("#loaded")).to_have_text("2 logs match")


def test_a_value_of_the_open_log_narrows_the_list(console: Console) -> None:
    console.store.append(new_log(note=note, tags={"env": env}) for note, env in (("a", "x"), ("b", "y")))
    console.show()
    console.rows.last.click()

    console.page.get_by_role("button", name="Only logs with this env").click()

    expect(console.rows).to_have_count(1)
    expect(console.rows).to_contain_text("note: a")
    expect(console.page.locator("#detail td").first).to_have_text("a")  # still open
    assert asked(console.page) == {"f.__tag__:env": "x"}


def of_age(minutes: float, event: str) -> NewLog:
    log = new_log(event=event)
    return log._replace(time=int(log.time - 60 * minutes))


def test_the_list_and_the_charts_have_the_same_time(console: Console) -> None:
    console.store.append([of_age(300, "old"), of_age(30, "recent"), of_age(0, "new")])
    console.show()
    page = console.page
    expect(console.rows).to_have_count(3)

    page.get_by_label("Time", exact=True).select_option("Last hour")
    expect(console.rows).to_have_count(2)
    page.locator("#contains").fill("old")
    expect(page.locator("#empty")).to_contain_text("Nothing here matches")
    page.get_by_role("radio", name="Charts").check()
    expect(chart(page, "event-types").locator(".bar-label")).to_have_count(2)
    page.get_by_label("Time", exact=True).select_option("Last 15 minutes")
    expect(chart(page, "event-types").locator(".bar-label")).to_have_text(["new"])
    page.get_by_label("Time", exact=True).select_option("All time")
    expect(chart(page, "event-types").locator(".bar-label")).to_have_count(3)
    page.get_by_role("radio", name="Logs", exact=True).check()
    expect(console.rows).to_have_count(1)
    page.locator("#contains").fill("nothing at all")
    page.get_by_role("button", name="Show everything").click()
    expect(console.rows).to_have_count(3)


def test_from_one_moment_to_another(console: Console) -> None:
    console.store.append([of_age(300, "old"), of_age(30, "recent"), of_age(0, "new")])
    console.show()
    page = console.page

    page.get_by_label("Time", exact=True).select_option("From … to …")
    page.get_by_label("to", exact=True).fill(moment(page, 10))
    page.get_by_label("from", exact=True).fill(moment(page, 60))
    expect(console.rows).to_have_count(1)
    expect(console.rows).to_contain_text("event: recent")
    page.reload()

    expect(console.rows).to_have_count(1)
    expect(page.get_by_label("from", exact=True)).not_to_have_value("")
    page.get_by_role("radio", name="Charts").check()
    expect(chart(page, "event-types").locator(".bar-label")).to_have_text(["recent"])
    assert bars(page, "event-types") == [("recent", "1")]
    assert int(asked(page)["to"]) - int(asked(page)["from"]) == 50 * 60


def moment(page: Page, minutes: int) -> str:
    """So many minutes before now, as the browser's clock has it."""
    at = int(time.time()) // 60 * 60 - 60 * minutes
    script = "(at) => { const d = new Date(at * 1000); return new Date(d - d.getTimezoneOffset() * 6e4) }"
    return str(page.evaluate(f"(at) => ({script})(at).toISOString().slice(0, 19)", at))


def test_on_a_phone_the_fields_are_in_a_drawer(console: Console) -> None:
    page = console.page
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    console.store.append(new_log(event=event, long="x" * 190) for event in ("view", "view", "checkout"))
    console.show()
    opener = page.get_by_role("button", name="Filters")
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#facets")).to_be_hidden()

    opener.click()
    expect(page.get_by_role("button", name="Close the filters")).to_be_focused()
    value(page, "event", "checkout").check()
    expect(page.locator("#loaded")).to_have_text("1 log match")
    page.keyboard.press("Escape")

    expect(page.locator("#facets")).to_be_hidden()
    expect(page.get_by_role("button", name="Filters (1)")).to_be_focused()
    expect(console.rows).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Filters (1)").click()
    page.mouse.click(200, 20)
    expect(page.locator("#facets")).to_be_hidden()


def test_what_a_value_holds_is_never_markup(console: Console) -> None:
    xss = "<img src=x onerror=pwned=1>"
    console.store.append(new_log(**{xss: xss}, tags={xss: xss}) for _ in range(2))
    console.show()

    expect(console.page.locator("#fields .field-name").first).to_have_text(xss)
    console.page.locator("#fields input").first.check()
    expect(console.page.locator("#chosen")).to_contain_text(xss)
    assert console.page.locator("main img").count() == 0
    console.page.reload()
    expect(console.rows).to_have_count(2)
    assert console.page.evaluate("globalThis.pwned") is None


def test_the_lines_of_real_functions_are_found_by_what_they_say(stack: Stack, page: Page) -> None:
    url = f"{stack.functions_url}/logstores/no-such-logstore/track"
    answer = httpx.post(url, json={"__logs__": []}, headers={"Origin": "http://localhost:1"}, timeout=30)
    page.goto(f"{stack.site_url}/console?logstore=function-logs")

    value(page, "event", "refused").check()
    value(page, "errorCode", "LogStoreNotExist").check()

    expect(page.locator(".row .summary").first).to_contain_text("errorCode: LogStoreNotExist")
    page.locator(".row").first.click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("no-such-logstore")
    assert answer.headers["x-log-requestid"] in detail.inner_text()
