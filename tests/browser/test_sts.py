"""STS mode: a credential from the token function, and uploads that go to SLS without a proxy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Request, Route, expect

from local.stack import Stack
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

TOKEN_PATH = "**/get_sts_token"
REFRESH = "05:01"  # minutes:seconds, just past the plugin's refresh interval
SDK_CALLS = [("send", 1), ("sendImmediate", 1), ("sendBatchLogs", 3), ("sendBatchLogsImmediate", 3)]


@pytest.fixture
def uploads(visitor: Visitor) -> Iterator[list[Request]]:
    """The signed uploads that the page makes."""
    seen: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/logstores/" in request.url:
            seen.append(request)

    visitor.page.on("request", note)
    yield seen
    visitor.page.remove_listener("request", note)


def issued(stack: Stack, *, age: int = 0) -> str:
    """The token function's answer with a credential of 15 minutes, issued `age` seconds ago."""
    role = f"acs:ram::{stack.ram.account_id}:role/sls-web-tracking"
    token = stack.ram.issue(
        role, session_name="test", session_policy=None, duration=900, now=time.time() - age
    )
    return json.dumps(
        {
            "AccessKeyId": token.id,
            "AccessKeySecret": token.secret,
            "SecurityToken": token.security_token,
            "Expiration": "2026-01-01T00:00:00Z",
        }
    )


def fulfil(route: Route, body: str, status: int = 200) -> None:
    headers = {"access-control-allow-origin": "*", "content-type": "application/json"}
    route.fulfill(status=status, headers=headers, body=body)


@pytest.mark.parametrize(("call", "logs"), SDK_CALLS)
def test_each_sdk_call_is_uploaded_signed_and_stored(
    visitor: Visitor, uploads: list[Request], call: str, logs: int
) -> None:
    visitor.open(mode="sts", time="0.2")

    visitor.press(call)

    visitor.expect_answer(call, "200")
    stored = visitor.wait_for_logs(logs)
    assert {log.fields["note"] for log in stored} == {visitor.note}
    assert all("client_ip" not in log.tags for log in stored)  # it did not go through track
    assert [request.url for request in uploads] == [
        f"{visitor.stack.sls_url}/logstores/web-tracking-logstore"
    ]
    assert uploads[0].headers["authorization"].startswith("LOG STS.")


def test_an_event_of_40_kb_with_emoji_is_uploaded_whole(visitor: Visitor) -> None:
    visitor.open(mode="sts")
    note = visitor.note + "👋" * 10_240
    visitor.write(note)

    visitor.press("sendImmediate")

    (log,) = visitor.wait_for_logs(1)
    assert log.fields["note"] == note


def test_both_modes_store_the_same_event(visitor: Visitor) -> None:
    visitor.open(mode="anonymous")
    visitor.press("sendImmediate")
    (anonymous,) = visitor.wait_for_logs(1)

    visitor.page.locator("input[name=mode][value=sts]").check()
    expect(visitor.page.locator("#status")).to_contain_text("Credential fetched")
    visitor.write(visitor.note)
    visitor.press("sendImmediate")

    signed = visitor.wait_for_logs(2)[1]
    same = ("eventType", "note")
    assert {name: signed.fields[name] for name in same} == {name: anonymous.fields[name] for name in same}
    assert (signed.topic, signed.source) == (anonymous.topic, anonymous.source)
    assert signed.tags["env"] == anonymous.tags["env"] == "demo"


def test_the_first_event_waits_for_the_first_credential(visitor: Visitor, uploads: list[Request]) -> None:
    held: list[Route] = []
    visitor.page.route(TOKEN_PATH, lambda route: held.append(route))
    visitor.open(mode="sts")
    visitor.press("sendImmediate")
    visitor.press("sendBatchLogsImmediate")
    expect(visitor.line("sendBatchLogsImmediate", "request")).to_contain_text("queue")
    assert len(held) == 1
    assert uploads == []

    held[0].continue_()

    visitor.expect_answer("sendBatchLogsImmediate", "200")
    visitor.wait_for_logs(4)


def test_a_failed_first_refresh_is_shown_and_what_waited_is_sent_after_the_next(visitor: Visitor) -> None:
    visitor.page.route(TOKEN_PATH, lambda route: fulfil(route, '{"errorCode":"ServerBusy"}', 503))
    visitor.open(mode="sts")
    visitor.press("sendImmediate")
    expect(visitor.page.locator("#status")).to_contain_text("503")
    assert visitor.stored() == []

    visitor.page.unroute(TOKEN_PATH)
    visitor.page.get_by_role("button", name="Try again").click()

    visitor.expect_answer("sendImmediate", "200")
    visitor.wait_for_logs(1)


def test_an_answer_without_a_credential_is_never_signed_with(
    visitor: Visitor, uploads: list[Request]
) -> None:
    half = json.dumps({"AccessKeyId": "STS.x", "SecurityToken": "y"})
    visitor.page.route(TOKEN_PATH, lambda route: fulfil(route, half))
    visitor.open(mode="sts")

    visitor.press("sendImmediate")

    expect(visitor.page.locator("#status")).to_contain_text("holds no credential")
    assert uploads == []


def test_a_token_for_one_logstore_is_refused_on_another(visitor: Visitor) -> None:
    visitor.stack.sls.create(visitor.stack.deployment.project, "not-configured")
    visitor.open(mode="sts", logstore="not-configured")

    visitor.press("sendImmediate")

    visitor.expect_answer("sendImmediate", "Unauthorized")
    assert visitor.stored() == []


def test_an_expired_token_is_refused(visitor: Visitor) -> None:
    expired = issued(visitor.stack, age=901)
    visitor.page.route(TOKEN_PATH, lambda route: fulfil(route, expired))
    visitor.open(mode="sts")

    visitor.press("sendImmediate")

    visitor.expect_answer("sendImmediate", "401")
    assert visitor.stored() == []


def test_the_page_goes_on_with_a_new_token_after_a_refresh(visitor: Visitor, uploads: list[Request]) -> None:
    tokens = [issued(visitor.stack), issued(visitor.stack)]
    unused = list(tokens)
    visitor.page.route(TOKEN_PATH, lambda route: fulfil(route, unused.pop(0)))
    visitor.page.clock.install()
    visitor.open(mode="sts")
    visitor.press("sendImmediate")
    visitor.expect_answer("sendImmediate", "200")
    visitor.press("sendImmediate")
    visitor.wait_for_logs(2)

    visitor.page.clock.fast_forward(REFRESH)
    visitor.press("sendBatchLogsImmediate")

    visitor.expect_answer("sendBatchLogsImmediate", "200")
    visitor.wait_for_logs(5)
    sent = [request.headers["x-acs-security-token"] for request in uploads]
    first, second = (json.loads(token)["SecurityToken"] for token in tokens)
    assert sent == [first, first, second]


def test_a_failed_refresh_is_shown_and_the_old_token_stays_in_use(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.open(mode="sts")
    visitor.press("sendImmediate")
    visitor.wait_for_logs(1)
    visitor.page.route(TOKEN_PATH, lambda route: fulfil(route, '{"errorCode":"ServerBusy"}', 503))

    visitor.page.clock.fast_forward(REFRESH)
    visitor.press("sendImmediate")
    visitor.wait_for_logs(2)
    expect(visitor.page.locator("#status")).to_contain_text("the old one stays in use")
    visitor.page.unroute(TOKEN_PATH)
    visitor.page.clock.fast_forward("00:31")
    visitor.press("sendImmediate")

    visitor.wait_for_logs(3)
    expect(visitor.page.locator("#status")).to_contain_text("Credential fetched")
