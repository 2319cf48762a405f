from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from local import run
from local.fc.errors import FunctionFailed
from local.stack import FREE_PORTS, PortTaken, Stack
from tests.support.waiting import gone, until

PAGE = {"Origin": "https://shop.example.com"}


@pytest.fixture(scope="module", params=["builtin", "custom"])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with Stack(ports=FREE_PORTS, environ={"FUNCTION_RUNTIME": request.param}) as stack:
        yield stack


def servers() -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("server-", "fc-", "timer-"))
    ]


def test_a_get_and_a_post_through_track_are_stored(stack: Stack) -> None:
    address = f"{stack.functions_url}/logstores/web-tracking-logstore/track"

    got = httpx.get(f"{address}?APIVersion=0.6.0&page=cart&marker=one", headers=PAGE)
    posted = httpx.post(address, json={"__topic__": "t", "__logs__": [{"marker": "two"}]}, headers=PAGE)

    assert (got.status_code, posted.status_code) == (200, 200)
    assert {"page": "cart", "marker": "one"} in [
        dict(log.fields) for log in stack.sls.store.query(contains="one")
    ]
    (second,) = stack.sls.store.query(contains="two")
    assert (second.logstore, second.topic, second.tags["client_ip"]) == (
        "web-tracking-logstore",
        "t",
        "127.0.0.1",
    )


def test_the_token_can_be_had_below_any_path(stack: Stack) -> None:
    answers = [httpx.get(f"{stack.functions_url}{prefix}/get_sts_token") for prefix in ("", "/any/prefix")]

    assert [answer.status_code for answer in answers] == [200, 200]
    for answer in answers:
        assert set(answer.json()) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}


def test_both_functions_say_that_they_are_well(stack: Stack) -> None:
    for path in ("/healthz", "/token/healthz"):
        assert httpx.get(f"{stack.functions_url}{path}").status_code == 200


def test_methods_that_the_triggers_do_not_list_are_stopped_before_the_functions(stack: Stack) -> None:
    before = {name: stack.host.pids(name) for name in ("track", "token")}

    assert httpx.put(f"{stack.functions_url}/logstores/checkout/track").status_code == 403
    assert httpx.head(f"{stack.functions_url}/logstores/checkout/track").status_code == 403
    assert {name: stack.host.pids(name) for name in ("track", "token")} == before


def test_a_method_that_only_the_trigger_lists_gets_the_functions_answer(stack: Stack) -> None:
    answer = httpx.post(f"{stack.functions_url}/get_sts_token")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, OPTIONS"


def test_one_instance_of_each_function_is_ready_at_the_start(stack: Stack) -> None:
    assert all(stack.host.pids(name) for name in ("track", "token"))


@pytest.mark.parametrize("logstore", ["web-tracking-logstore", "checkout"])
def test_unsigned_writes_past_the_functions_are_refused(stack: Stack, logstore: str) -> None:
    around = httpx.get(f"{stack.sls_url}/logstores/{logstore}/track?APIVersion=0.6.0&a=b")

    assert around.status_code == 401


def test_the_console_shows_what_arrived(stack: Stack) -> None:
    httpx.get(f"{stack.functions_url}/logstores/checkout/track?APIVersion=0.6.0&seen=console-probe")

    shown = httpx.get(f"{stack.site_url}/api/logs", params={"contains": "console-probe"}).json()

    assert [(log["logstore"], log["fields"]) for log in shown] == [("checkout", {"seen": "console-probe"})]


@pytest.mark.parametrize("runtime", ["builtin", "custom"])
def test_an_allowlist_in_the_environment_holds_for_both_functions(runtime: str) -> None:
    environ = {"ALLOWED_ORIGINS": "https://shop.example.com", "FUNCTION_RUNTIME": runtime}
    with Stack(ports=FREE_PORTS, environ=environ) as stack:
        paths = ("/get_sts_token", "/logstores/checkout/track?APIVersion=0.6.0&a=b")
        other = [
            httpx.get(stack.functions_url + path, headers={"Origin": "https://evil.example"})
            for path in paths
        ]
        own = [httpx.get(stack.functions_url + path, headers=PAGE) for path in paths]

    assert [answer.status_code for answer in other] == [403, 403]
    assert [answer.status_code for answer in own] == [200, 200]


def test_anonymous_writes_find_webtracking_on() -> None:
    with Stack(ports=FREE_PORTS, environ={"SLS_WRITE": "anonymous"}) as stack:
        answer = httpx.get(f"{stack.functions_url}/logstores/checkout/track?APIVersion=0.6.0&a=b")

        assert answer.status_code == 200
        assert len(stack.sls.store.query()) == 1


def test_another_region_holds_for_the_signatures_of_both_sides() -> None:
    with Stack(ports=FREE_PORTS, environ={"SLS_REGION": "eu-central-1"}) as stack:
        answer = httpx.get(f"{stack.functions_url}/logstores/checkout/track?APIVersion=0.6.0&a=b")

        assert answer.status_code == 200
        assert len(stack.sls.store.query()) == 1


def test_a_taken_port_is_named_and_what_had_started_is_closed_again() -> None:
    before = servers()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with (
            pytest.raises(PortTaken, match=f"port {port}: .*SITE_PORT="),
            Stack(ports=FREE_PORTS._replace(site=port), environ={}),
        ):
            pass

    assert servers() == before


@pytest.mark.parametrize("runtime", ["builtin", "custom"])
def test_a_setting_that_a_function_refuses_ends_the_start_with_its_message(runtime: str) -> None:
    before = servers()

    with pytest.raises(FunctionFailed, match="CLIENT_IP has the value 'half'"):
        Stack(ports=FREE_PORTS, environ={"CLIENT_IP": "half", "FUNCTION_RUNTIME": runtime}).__enter__()

    assert servers() == before


def test_what_is_stored_after_an_instance_was_killed_is_what_was_answered_200() -> None:
    with Stack(ports=FREE_PORTS, environ={"FUNCTION_RUNTIME": "custom"}) as stack:
        address = f"{stack.functions_url}/logstores/checkout/track?APIVersion=0.6.0&n="
        statuses = []
        for number in range(10):
            if number == 5:
                killed = stack.host.kill_one("track")
                assert killed is not None
                assert until(partial(gone, killed))
            statuses.append(httpx.get(f"{address}{number}").status_code)

        assert statuses == [200] * 10
        assert len(stack.sls.store.query()) == 10
        assert stack.host.kills == {"track": 1}


def test_a_page_that_was_not_built_is_reported_as_left_out(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(run, "WEB_DIST", tmp_path)
    built = run.describe(stack)
    monkeypatch.setattr(run, "WEB_DIST", tmp_path / "missing")

    missing = run.describe(stack)

    assert "left out" not in built
    assert "left out: the sample page (web/dist is missing" in missing
