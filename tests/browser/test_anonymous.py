"""Anonymous mode: the page's calls, through the unchanged SDK and the track function, to what is stored."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("call", "logs"),
    [
        ("send", 1),
        ("sendImmediate", 1),
        ("sendBatchLogs", 3),
        ("sendBatchLogsImmediate", 3),
        ("img", 1),
        ("get", 1),
    ],
)
def test_each_button_stores_its_logs_and_says_so(visitor: Visitor, call: str, logs: int) -> None:
    visitor.open(time="0.2")

    visitor.press(call)

    stored = visitor.wait_for_logs(logs)
    assert {log.fields["note"] for log in stored} == {visitor.note}
    assert {log.logstore for log in stored} == {"web-tracking-logstore"}
    assert {log.topic for log in stored} == {"shop"}
    assert {log.tags["client_ip"] for log in stored} == {"127.0.0.1"}
    expect(visitor.line(call, "stored")).to_contain_text("in web-tracking-logstore after")


def test_a_batch_keeps_its_order(visitor: Visitor) -> None:
    visitor.open()

    visitor.press("sendBatchLogsImmediate")

    assert [log.fields["position"] for log in visitor.wait_for_logs(3)] == ["1", "2", "3"]


def test_the_pixel_records_user_agent_and_referer(visitor: Visitor) -> None:
    visitor.open()

    visitor.press("img")

    (log,) = visitor.wait_for_logs(1)
    assert "Chrome" in log.fields["user_agent"]
    assert log.fields["referer"] == f"{visitor.allowed_site}/"
    visitor.expect_answer("img", "a picture")


def test_the_answer_to_a_get_is_shown(visitor: Visitor) -> None:
    visitor.open()

    visitor.press("get")

    visitor.wait_for_logs(1)
    expect(visitor.line("get", "answer")).to_have_text("200")


def test_what_is_queued_waits_for_the_count_and_leaves_in_one_request(visitor: Visitor) -> None:
    visitor.open(time="60", count="3")
    visitor.press("send")
    visitor.press("send")
    assert visitor.stored() == []

    with visitor.page.expect_request(lambda request: request.method == "POST") as caught:
        visitor.press("send")

    visitor.wait_for_logs(3)
    assert len(json.loads(caught.value.post_data or "")["__logs__"]) == 3


def test_an_immediate_call_takes_the_queue_along(visitor: Visitor) -> None:
    visitor.open(time="60", count="100")

    visitor.press("sendBatchLogs")
    visitor.press("sendImmediate")

    visitor.wait_for_logs(4)
    expect(visitor.line("sendBatchLogs", "request")).to_contain_text("4 logs")


def test_an_event_of_40_kb_goes_by_xhr_and_arrives_whole(visitor: Visitor) -> None:
    visitor.open()
    note = visitor.note + "x" * 40_960
    visitor.write(note)

    visitor.press("sendImmediate")

    (log,) = visitor.wait_for_logs(1)
    assert log.fields["note"] == note
    expect(visitor.line("sendImmediate", "request")).to_contain_text("XHR")
    expect(visitor.line("sendImmediate", "answer")).to_have_text("200")


@pytest.mark.parametrize("call", ["sendImmediate", "img", "get"])
def test_any_text_arrives_as_it_was_written(visitor: Visitor, call: str) -> None:
    visitor.open()
    note = f'{visitor.note} 👩‍👩‍👧‍👦 naïve 你好 שלום +%20&=#?"\\\n</script>\t'
    visitor.write(note)

    visitor.press(call)

    (log,) = visitor.wait_for_logs(1)
    assert log.fields["note"] == note


def test_half_an_emoji_costs_one_character_and_not_the_batch(visitor: Visitor) -> None:
    visitor.open()

    visitor.page.evaluate(
        """([host, note]) => new SLS_Tracker({ host, logstore: "web-tracking-logstore" })
            .sendBatchLogsImmediate([{ note, half: "a\\ud83db" }, { note, half: "none" }])""",
        [visitor.stack.functions_url, visitor.note],
    )

    assert [log.fields["half"] for log in visitor.wait_for_logs(2)] == ["a\ufffdb", "none"]


def test_topic_source_and_tags_of_any_type_arrive_as_text(visitor: Visitor) -> None:
    tags = {"build": {"n": 7}, "list": [1, "a"], "count": 5, "on": True, "none": None, "name": "é"}
    visitor.open(topic="clicks", source="kiosk", tags=json.dumps(tags), logstore="checkout")

    visitor.press("sendImmediate")

    (log,) = visitor.wait_for_logs(1)
    assert (log.logstore, log.topic, log.source) == ("checkout", "clicks", "kiosk")
    own = {name: log.tags[name] for name in tags}
    assert own == {
        "build": '{"n":7}',
        "list": '[1,"a"]',
        "count": "5",
        "on": "true",
        "none": "null",
        "name": "é",
    }


def test_two_trackers_with_their_own_tags_are_kept_apart(visitor: Visitor) -> None:
    visitor.open()

    visitor.page.evaluate(
        """([host, note]) => {
            const of = (team) => new SLS_Tracker({ host, logstore: "checkout", topic: team, tags: { team } });
            for (const team of ["red", "blue"]) of(team).sendImmediate({ note });
        }""",
        [visitor.stack.functions_url, visitor.note],
    )

    logs = visitor.wait_for_logs(2)
    assert sorted((log.topic, log.tags["team"]) for log in logs) == [("blue", "blue"), ("red", "red")]


def test_leaving_the_page_sends_what_is_queued(visitor: Visitor) -> None:
    visitor.open(time="600", count="100")
    visitor.press("send")
    visitor.press("sendBatchLogs")

    visitor.page.goto("about:blank")

    visitor.wait_for_logs(4)


def test_closing_the_tab_sends_what_is_queued(visitor: Visitor) -> None:
    visitor.open(time="600", count="100")
    visitor.press("send")
    visitor.press("sendBatchLogs")

    visitor.page.close(run_before_unload=True)

    visitor.wait_for_logs(4)


def test_hiding_the_tab_sends_what_is_queued(visitor: Visitor) -> None:
    visitor.open(time="600", count="100")
    visitor.press("send")

    visitor.page.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { value: "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )

    visitor.wait_for_logs(1)


def test_shopping_is_reported_event_by_event(visitor: Visitor) -> None:
    visitor.open(time="600", topic=visitor.note)
    page = visitor.page

    page.get_by_role("button", name="View Tablet").click()
    page.get_by_role("button", name="Add Camera to cart").click()
    page.get_by_role("button", name="Check out").click()

    logs = visitor.wait_for_logs(3)
    assert [log.fields["eventType"] for log in logs] == ["view_product", "add_to_cart", "checkout"]
    assert logs[0].fields["price"] == "500"
    assert logs[2].fields["products"] == '["Camera"]'
    expect(page.locator("#activity > li")).to_have_count(3)


def test_the_link_to_the_console_shows_the_log(visitor: Visitor, context: BrowserContext) -> None:
    visitor.open()
    visitor.press("sendImmediate")

    visitor.line("sendImmediate", "stored").get_by_role("link").click()

    expect(visitor.page.locator(".row")).to_have_count(1)
    expect(visitor.page.locator(".row")).to_contain_text(visitor.note)
    assert len(context.pages) == 1
