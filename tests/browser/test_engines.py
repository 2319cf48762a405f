"""The published SDK in each browser engine: every way of sending, and what a refused page gets."""

from __future__ import annotations

import pytest

from local.site.tickets import SUBJECT
from tests.browser.conftest import FunctionLog
from tests.browser.sdk_page import SdkUser
from tests.browser.visitor import wait_until

pytestmark = pytest.mark.browser

MODES = ["track", "sts", "ticket"]
CALLS = ["send", "sendImmediate", "sendBatchLogs", "sendBatchLogsImmediate"]
USER_AGENTS = {"chromium": "Chrome/", "firefox": "Firefox/", "webkit": "AppleWebKit/"}
TEXT = '👩‍👩‍👧‍👦 naïve 你好 שלום +%20&=#?"\\\n</script>\t'


def start(user: SdkUser, mode: str, **options: object) -> None:
    if mode == "sts":
        user.sts(host=None, **options)
    elif mode == "ticket":
        user.ticket(**options)
    else:
        user.track(host=None, refused=False, **options)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("mode", MODES)
def test_each_call_arrives_once(sdk_user: SdkUser, mode: str, call: str) -> None:
    start(sdk_user, mode, time=0.2, topic="shop", tags={"env": "demo"})
    log = {"note": sdk_user.note}

    sdk_user.call(call, [log, log, log] if "Batch" in call else log)

    logs = sdk_user.wait_for_logs(3 if "Batch" in call else 1)
    assert {(log.topic, log.tags["env"]) for log in logs} == {("shop", "demo")}
    # Only track writes the address: what is signed with a token goes to SLS itself.
    assert {log.tags.get("client_ip") for log in logs} == {None if mode == "sts" else "127.0.0.1"}
    assert {log.tags.get("subject") for log in logs} == {SUBJECT if mode == "ticket" else None}


def test_track_records_the_user_agent_and_the_referer(sdk_user: SdkUser) -> None:
    sdk_user.track()

    sdk_user.call("sendImmediate", {"note": sdk_user.note})

    (log,) = sdk_user.wait_for_logs(1)
    assert log.tags["referer"] == f"{sdk_user.allowed_site}/"
    assert log.tags["user_agent"] == sdk_user.tab.run("return navigator.userAgent")


def test_the_engine_is_the_one_that_it_says(sdk_user: SdkUser, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["engine"]

    assert USER_AGENTS[name] in sdk_user.tab.run("return navigator.userAgent")


@pytest.mark.parametrize("mode", MODES)
def test_40_kb_go_by_xhr_and_arrive_whole(sdk_user: SdkUser, mode: str) -> None:
    start(sdk_user, mode)
    sdk_user.observe_xhr()
    note = sdk_user.note + "👋" * 10_240  # 40,960 bytes

    sdk_user.call("sendImmediate", {"note": note + "x" * 20_480})

    (log,) = sdk_user.wait_for_logs(1)
    assert log.fields["note"] == note + "x" * 20_480
    assert wait_until(lambda: sdk_user.xhr_answers() == [200])


@pytest.mark.parametrize("mode", MODES)
def test_any_text_arrives_as_it_was_written(sdk_user: SdkUser, mode: str) -> None:
    start(sdk_user, mode)

    sdk_user.call("sendImmediate", {"note": sdk_user.note + TEXT})

    (log,) = sdk_user.wait_for_logs(1)
    assert log.fields["note"] == sdk_user.note + TEXT


def test_half_an_emoji_costs_one_character_and_not_the_batch(sdk_user: SdkUser) -> None:
    sdk_user.track()
    note = {"note": sdk_user.note}

    sdk_user.call("sendBatchLogsImmediate", [{**note, "half": "a\ud83db"}, {**note, "half": "none"}])

    assert [log.fields["half"] for log in sdk_user.wait_for_logs(2)] == ["a\ufffdb", "none"]


@pytest.mark.parametrize("size", [0, 40_960])
def test_nothing_of_a_refused_origin_is_stored(
    sdk_user: SdkUser, function_log: FunctionLog, size: int
) -> None:
    sdk_user.track(refused=True)
    sdk_user.observe_xhr()
    since = len(function_log.lines)

    sdk_user.call("sendImmediate", {"note": sdk_user.note + "x" * size})

    assert wait_until(lambda: any("OriginNotAllowed" in line for line in function_log.lines[since:]))
    if size:  # by XHR, whose refusal no script may read
        assert wait_until(lambda: sdk_user.xhr_answers() == [0])
    assert sdk_user.stored() == []


def test_a_refused_origin_gets_no_credential(sdk_user: SdkUser, function_log: FunctionLog) -> None:
    sdk_user.track(refused=True)
    since = len(function_log.lines)

    fetched = sdk_user.tab.run(
        "return fetch(given[0]).then((answer) => answer.text(), (error) => error.name)",
        f"{sdk_user.stack.functions_url}/get_sts_token",
    )

    assert fetched == "TypeError"
    assert wait_until(lambda: any("OriginNotAllowed" in line for line in function_log.lines[since:]))
