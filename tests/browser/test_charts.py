"""The console's charts: what they say of what has arrived, and of an outage."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.browser.test_console import Console, console, new_log

pytestmark = pytest.mark.browser
__all__ = ["console"]  # a fixture

PHONE = {"width": 390, "height": 844}
PAGE = {"Origin": "http://localhost:1"}


def chart(page: Page, query: str) -> Locator:
    return page.locator(f"figure[data-query={query}]")


def bars(page: Page, query: str) -> list[tuple[str, str]]:
    found = chart(page, query)
    labels = found.locator(".bar-label").all_inner_texts()
    return list(zip(labels, found.locator(".bar-value").all_inner_texts(), strict=True))


def series(page: Page, query: str) -> dict[str, float]:
    items = chart(page, query).locator(".legend li")
    return {
        str(item.get_attribute("data-name")): float(item.get_attribute("data-sum") or "nan")
        for item in items.all()
    }


def open_charts(page: Page, site: str, query: str = "") -> None:
    page.goto(f"{site}/console{query}")
    page.get_by_role("radio", name="Charts").check()


def test_the_most_frequent_event_is_seen_without_reading_a_line(console: Console) -> None:
    console.store.append(new_log(eventType="view") for _ in range(30))
    console.store.append(new_log("checkout", eventType="buy") for _ in range(7))
    open_charts(console.page, console.server.url)

    expect(chart(console.page, "event-types").locator(".bar-label").first).to_have_text("view")
    assert bars(console.page, "event-types") == [("view", "30"), ("buy", "7")]
    widths = [bar.bounding_box() for bar in chart(console.page, "event-types").locator(".bar-length").all()]
    assert [round(box["width"] / (widths[0] or box)["width"], 2) for box in widths if box] == [1, 0.23]
    expect(chart(console.page, "events-over-time").locator("canvas")).to_be_visible()
    assert series(console.page, "events-over-time") == {"logs": 37}


def test_charts_are_live_and_follow_the_logstore(console: Console) -> None:
    console.store.append(new_log(eventType="view") for _ in range(3))
    open_charts(console.page, console.server.url)
    expect(chart(console.page, "event-types").locator(".bar-value")).to_have_text(["3"])

    console.store.append([new_log("checkout", eventType="buy")])
    expect(chart(console.page, "event-types").locator(".bar-value")).to_have_text(["3", "1"])
    console.page.get_by_role("radio", name="checkout").check()

    expect(chart(console.page, "event-types").locator(".bar-label")).to_have_text(["buy"])
    console.page.reload()
    expect(chart(console.page, "event-types").locator(".bar-label")).to_have_text(["buy"])
    assert re.search(r"\?logstore=checkout&view=charts&board=events$", console.page.url)


def test_a_longer_time_has_more(console: Console) -> None:
    old = new_log(eventType="old")
    console.store.append([new_log(eventType="new"), old._replace(time=old.time - 1800)])
    open_charts(console.page, console.server.url)
    expect(chart(console.page, "event-types").locator(".bar-label")).to_have_count(2)

    console.page.locator("#time").select_option("15")

    expect(chart(console.page, "event-types").locator(".bar-label")).to_have_text(["new"])


def test_nothing_is_said_to_be_nothing(console: Console) -> None:
    open_charts(console.page, console.server.url)

    expect(chart(console.page, "pages")).to_contain_text("Nothing in this time.")


def test_a_label_is_never_markup(console: Console) -> None:
    console.store.append([new_log(eventType="<img src=x onerror=pwned=1>")])
    open_charts(console.page, console.server.url)

    expect(chart(console.page, "event-types").locator(".bar-label")).to_have_text(
        "<img src=x onerror=pwned=1>"
    )
    assert console.page.locator("main img").count() == 0


@pytest.mark.parametrize("board", ["Events", "Health"])
def test_charts_fit_a_phone(console: Console, board: str) -> None:
    console.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    console.store.append([new_log(eventType="a-very-long-name-of-an-event-" * 5)])
    open_charts(console.page, console.server.url)

    console.page.get_by_role("radio", name=board).check()
    expect(console.page.locator("figure.chart")).to_have_count(7 if board == "Events" else 14)

    assert console.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for box in [figure.bounding_box() for figure in console.page.locator("figure.chart").all()]:
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


def test_an_outage_shows_in_the_charts(stack: Stack, page: Page) -> None:
    track = f"{stack.functions_url}/logstores/checkout/track"
    open_charts(page, stack.site_url)
    page.get_by_role("radio", name="Health").check()
    expect(chart(page, "spooled-over-time")).to_be_visible()
    before = series(page, "spooled-over-time").get("spooled", 0)

    page.get_by_role("radio", name="down").check()
    expect(page.locator("#connection")).to_have_text("connected")
    for _ in range(2):
        answer = httpx.post(track, json={"__logs__": [{"eventType": "buy"}]}, headers=PAGE, timeout=30)
        assert (answer.status_code, answer.headers["x-log-spooled"]) == (200, "1")

    expect(chart(page, "told").locator("td", has_text="ServerBusy").first).to_be_visible()
    expect(chart(page, "spooled-over-time").locator(f"li[data-sum='{before + 2:.0f}']")).to_be_visible()
    page.get_by_role("radio", name="up").check()
    expect(page.locator("#connection")).to_have_text("live")


def test_what_came_before_the_page_was_opened_counts_in_the_last_minute(console: Console) -> None:
    console.store.append(new_log(note="x") for _ in range(1000))

    console.show()

    expect(console.page.locator("#pulse figcaption")).to_have_text("1,000 in the last minute")


def test_the_logstore_is_named_in_a_row_once_there_is_more_than_one(console: Console) -> None:
    console.add("one")
    console.show()
    expect(console.rows).to_have_count(1)
    expect(console.page.locator(".chip")).to_be_hidden()

    console.add("two", logstore="checkout")

    expect(console.rows).to_have_count(2)
    expect(console.page.locator(".chip").first).to_be_visible()
