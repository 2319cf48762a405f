from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.fc import limits
from local.fc.answer import HEADERS_LIMIT
from local.fc.errors import FunctionFailed
from local.fc.function import ROOT, Credentials, Function

from .triggers import CODE, Serve, Trigger, gone, sample, server, until

CREDENTIALS = Credentials("STS.id", "secret", "token")


@pytest.fixture
def trigger(serve: Serve) -> Trigger:
    return serve(server(credentials=lambda: CREDENTIALS))


def raw(trigger: Trigger, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(trigger.url).port or 0)) as connection:
        connection.sendall(head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


# What reaches the server.


def test_path_and_query_reach_the_server_as_they_came(trigger: Trigger) -> None:
    answered = raw(trigger, b"GET /a%2Fb//%E4%BD%A0/..%2f/echo?x=1&y=%26+%zz&x=2& HTTP/1.1")

    assert b'"target": "/a%2Fb//%E4%BD%A0/..%2f/echo?x=1&y=%26+%zz&x=2&"' in answered
    assert b'"method": "GET"' in answered


def test_the_platforms_headers_are_added_and_those_of_a_client_dropped(trigger: Trigger) -> None:
    forged = {"X-Fc-Request-Id": "forged", "x-fc-security-token": "forged", "X-FC-Other": "forged"}

    got = trigger.post("/echo", content=b"\x00body\xff", headers={**forged, "Keep-Alive": "5", "X-Own": "1"})

    seen = got.json()
    headers = dict(seen["headers"])
    assert len(headers) == len(seen["headers"])
    assert seen["body"].encode("latin-1") == b"\x00body\xff"
    assert {name: value for name, value in headers.items() if name.startswith("x-fc-")} == {
        "x-fc-control-path": "/http-invoke",
        "x-fc-request-id": got.headers["x-fc-request-id"],
        "x-fc-access-key-id": "STS.id",
        "x-fc-access-key-secret": "secret",
        "x-fc-security-token": "token",
        "x-fc-region": "cn-hangzhou",
        "x-fc-account-id": "1234567890123456",
        "x-fc-function-name": "server",
        "x-fc-function-handler": "ignored",
        "x-fc-function-memory": "512",
    }
    assert headers["host"].endswith(".cn-hangzhou.fcapp.run")
    assert (headers["x-own"], headers["content-length"]) == ("1", "6")
    assert not {"connection", "keep-alive"} & set(headers)


def test_repeated_headers_are_joined_and_their_bytes_kept(trigger: Trigger) -> None:
    answered = raw(trigger, b"GET /echo HTTP/1.1\r\nX-Many: 1\r\nx-many: 2, 3\r\nX-Odd: caf\xe9")

    assert b'["x-many", "1,2, 3"]' in answered
    assert b'["x-odd", "caf\\u00e9"]' in answered


def test_the_clients_address_comes_behind_what_the_client_says_of_it(trigger: Trigger) -> None:
    plain = dict(trigger.get("/echo").json()["headers"])
    forged = dict(trigger.get("/echo", headers={"X-Forwarded-For": "8.8.8.8"}).json()["headers"])

    assert (plain["x-forwarded-for"], forged["x-forwarded-for"]) == ("127.0.0.1", "8.8.8.8,127.0.0.1")


def test_a_body_sent_in_chunks_arrives_with_its_length(trigger: Trigger) -> None:
    seen = trigger.post("/echo", content=iter([b"one", b"two"])).json()

    headers = dict(seen["headers"])
    assert (seen["body"], headers["content-length"], "transfer-encoding" in headers) == ("onetwo", "6", False)


def test_a_post_without_a_body_has_a_length_and_a_get_has_none(trigger: Trigger) -> None:
    assert dict(trigger.post("/echo").json()["headers"])["content-length"] == "0"
    assert "content-length" not in dict(trigger.get("/echo").json()["headers"])


def test_the_environment_has_the_port_and_no_credentials(trigger: Trigger) -> None:
    seen = trigger.get("/environment").json()

    assert seen["FC_FUNCTION_NAME"] == "server"
    assert seen["FC_SERVER_PORT"].isdigit()
    assert not {"PYTHONPATH", "ALIBABA_CLOUD_ACCESS_KEY_ID", "VIRTUAL_ENV", "USER"} & set(seen)


# What comes back.


def answer(trigger: Trigger, origin: str | None = None, **wanted: Any) -> httpx.Response:
    return trigger.post("/answer", json=wanted, headers={"Origin": origin} if origin else {})


def test_status_headers_and_body_are_the_servers(trigger: Trigger) -> None:
    got = answer(trigger, status=413, headers=["X-Why: too much", "Vary: a", "vary: b"], body="é")

    assert (got.status_code, got.headers["x-why"], got.content) == (413, "too much", "é".encode())
    assert got.headers["vary"] == "a, b"


def test_headers_that_belong_to_the_platform_are_dropped(trigger: Trigger) -> None:
    got = answer(trigger, headers=["X-Fc-Mine: 1", "X-Kept: 1", "Keep-Alive: timeout=5"], body="four")

    assert (got.text, got.headers["content-length"], got.headers["x-kept"]) == ("four", "4", "1")
    assert "x-fc-mine" not in got.headers
    assert "server" not in got.headers
    assert got.headers["date"] != "now"
    assert [line for _, _, line in trigger.lines] == ["response header x-fc-mine may not be set: dropped"]


def test_response_headers_of_8_kb_pass_and_one_byte_more_are_502(trigger: Trigger) -> None:
    value = "x" * (HEADERS_LIMIT - len("X-Long"))

    assert answer(trigger, headers=[f"X-Long: {value}"]).headers["x-long"] == value
    got = answer(trigger, headers=[f"X-Long: {value}x"])
    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
            200,
            b"onetwo",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil it closes", 200, b"until it closes"),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok",
            201,
            b"ok",
        ),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", 204, b""),
    ],
)
def test_every_framing_of_an_answer_is_understood(
    trigger: Trigger, sent: bytes, status: int, body: bytes
) -> None:
    got = trigger.post("/raw", content=sent)

    assert (got.status_code, got.content) == (status, body)
    assert "link" not in got.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT"])
def test_other_methods_come_through_where_they_are_listed(serve: Serve, method: str) -> None:
    trigger = serve(server(methods=("GET", method)))

    answers = [trigger.client.request(method, "/echo") for _ in range(2)]

    assert [got.status_code for got in answers] == [200, 200]
    assert method == "HEAD" or answers[1].json()["method"] == method


@pytest.mark.parametrize("how", ["close", "garbage", "half"])
def test_what_is_no_answer_is_502_and_the_instance_lives_on(trigger: Trigger, how: str) -> None:
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get(f"/{how}")

    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")
    assert got.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert trigger.get("/starts").json()["pid"] == before


def test_a_status_that_a_function_cannot_give_is_502(trigger: Trigger) -> None:
    got = trigger.post("/raw", content=b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n")

    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")


def test_cors_fails_open_here_too(trigger: Trigger) -> None:
    opened = answer(trigger, "https://evil.example")
    own = answer(
        trigger, "https://evil.example", headers=["Access-Control-Allow-Origin: https://shop.example.com"]
    )

    assert opened.headers["access-control-allow-origin"] == "https://evil.example"
    assert opened.headers["access-control-allow-credentials"] == "true"
    assert own.headers.get_list("access-control-allow-origin") == ["https://shop.example.com"]


# The trigger's own refusals.


def test_the_triggers_limits_hold_before_the_server_starts(trigger: Trigger) -> None:
    refused = [
        trigger.get("/echo?" + "x" * limits.PATH_LIMIT),
        trigger.get("/echo", headers={"X-Long": "x" * limits.HEADERS_LIMIT}),
        trigger.post("/echo", content=bytes(limits.BODY_LIMIT + 1)),
        trigger.client.put("/echo"),
    ]

    assert [(got.status_code, got.json()["Code"]) for got in refused] == [
        *[(400, "InvalidArgument")] * 3,
        (403, "AccessDenied"),
    ]
    assert trigger.host.pids("server") == set()


def test_a_body_of_32_mb_reaches_the_server_and_comes_back(trigger: Trigger) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    size = limits.BODY_LIMIT - len(head % limits.BODY_LIMIT)

    got = trigger.post("/raw", content=head % size + bytes(size), timeout=60)

    assert (got.status_code, len(got.content)) == (200, size)


# Many at once.


def at_once(trigger: Trigger, path: str, count: int) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as threads:
        return [asked.result() for asked in [threads.submit(trigger.get, path) for _ in range(count)]]


def test_64_requests_that_wait_overlap_in_one_instance(trigger: Trigger) -> None:
    trigger.host.warm()

    began = time.monotonic()
    answers = at_once(trigger, "/pause?200", 64)
    took = time.monotonic() - began

    assert {got.json() for got in answers} == trigger.host.pids("server")
    assert len(trigger.host.pids("server")) == 1
    assert took < 64 * 0.2 / 4


def test_requests_that_come_during_a_cold_start_wait_for_the_one_instance(serve: Serve) -> None:
    trigger = serve(server(environment={"SLOW": "0.3"}))

    answers = at_once(trigger, "/pause?0", 8)

    assert len({got.json() for got in answers}) == 1


def test_full_instances_make_room_for_another_up_to_the_cap(serve: Serve, tmp_path: Path) -> None:
    trigger = serve(server(instances=2, instance_concurrency=2))
    signs = [tmp_path / str(number) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        waiting = []
        for number, sign in enumerate(signs, start=1):
            waiting.append(threads.submit(trigger.get, f"/wait?{sign}"))
            assert until(sign.exists)
            assert len(trigger.host.pids("server")) == (1 if number <= 2 else 2)

        fifth = trigger.get("/echo")

        for sign in signs:
            sign.unlink()
        pids = {answer.result().json() for answer in waiting}
    assert (fifth.status_code, fifth.json()["Code"]) == (429, "ResourceExhausted")
    assert pids == trigger.host.pids("server")
    assert trigger.get("/echo").status_code == 200


def test_connections_to_the_instance_are_kept(trigger: Trigger) -> None:
    for _ in range(5):
        trigger.get("/echo")

    assert trigger.get("/starts").json()["connections"] == 1


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again(trigger: Trigger) -> None:
    first = trigger.get("/last?0").json()
    time.sleep(0.2)

    assert trigger.get("/starts").json() == {"pid": first, "calls": [], "connections": 2}


# Starts.


def test_an_instance_is_initialized_once_with_the_platforms_headers(serve: Serve) -> None:
    trigger = serve(server(initializer="any", credentials=lambda: CREDENTIALS))

    first, second = trigger.get("/starts"), trigger.get("/starts")

    assert first.json()["calls"] == second.json()["calls"]
    (call,) = first.json()["calls"]
    assert (call["method"], call["target"], call["body"]) == ("POST", "/initialize", "")
    headers = dict(call["headers"])
    assert headers["x-fc-request-id"] == first.headers["x-fc-request-id"]
    assert headers["x-fc-control-path"] == "/initialize"
    assert headers["x-fc-security-token"] == "token"


def test_without_an_initializer_or_pre_stop_neither_is_called(serve: Serve, tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    trigger = serve(server(environment={"FAREWELL": str(farewell)}))
    assert trigger.get("/starts").json()["calls"] == []

    trigger.host.stop()

    assert farewell.read_text() == "terminated\n"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("initializer", "the initializer answered 500: TIMES is 'many', not a number"),
        ("exit", "no settings at all"),
        ("initializer hangs", "Function timed out after 1 seconds"),
    ],
)
def test_a_failed_start_is_502_with_its_words_in_the_log_and_leaves_no_process(
    serve: Serve, how: str, message: str
) -> None:
    timeout = 1 if how == "initializer hangs" else 20
    trigger = serve(server(initializer="any", initializer_timeout=timeout, environment={"BROKEN": how}))

    answers = [trigger.get("/echo") for _ in range(2)]

    assert [got.status_code for got in answers] == [502, 502]
    assert all(message in got.json()["errorMessage"] for got in answers)
    assert any(message in line for _, _, line in trigger.lines)
    assert trigger.host.pids("server") == set()
    with pytest.raises(FunctionFailed, match=message[:20]):
        trigger.host.warm()


def test_all_requests_that_wait_for_a_failing_start_fail(serve: Serve) -> None:
    trigger = serve(server(initializer="any", environment={"SLOW": "0.3", "BROKEN": "initializer"}))

    answers = at_once(trigger, "/echo", 4)

    assert [got.status_code for got in answers] == [502] * 4
    assert trigger.host.pids("server") == set()


def test_a_server_that_never_listens_is_given_up(serve: Serve) -> None:
    trigger = serve(server(environment={"SLOW": "60"}, initializer_timeout=0.5))

    told = trigger.get("/echo").json()["errorMessage"]

    assert told.startswith("nothing listens on port ")
    assert told.endswith(" after 0.5 seconds")


def test_a_command_that_does_not_exist_is_named(serve: Serve) -> None:
    trigger = serve(server(command=("/no/such/program", "{port}")))

    assert "/no/such/program: No such file" in trigger.get("/echo").json()["errorMessage"]


@pytest.mark.parametrize(
    "options",
    [
        {"command": ()},
        {"runtime": "python3.12"},
        {"instance_concurrency": 0},
        {"instance_concurrency": 201},
    ],
)
def test_a_function_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^server: "):
        server(**options)


def test_built_in_runtimes_take_one_request_at_a_time() -> None:
    with pytest.raises(ValueError, match="instance_concurrency"):
        sample(instance_concurrency=2)
    assert server(instance_concurrency=200).instance_concurrency == 200


# Ends.


def test_a_death_in_the_middle_fails_what_was_in_flight_and_a_new_instance_takes_over(
    trigger: Trigger, tmp_path: Path
) -> None:
    signs = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(trigger.get, f"/wait?{sign}") for sign in signs]
        assert until(lambda: all(sign.exists() and sign.read_text() for sign in signs))

        killed = trigger.host.kill_one("server")

        answers = [asked.result() for asked in waiting]
    assert killed == int(signs[0].read_text())
    for got in answers:
        assert (got.status_code, got.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
        assert got.json() == {"errorMessage": "Process exited unexpectedly before completing request"}
    assert trigger.get("/starts").json()["pid"] != killed
    assert trigger.host.kills == {"server": 1}


def test_a_crash_is_502_and_the_next_request_gets_a_new_instance(trigger: Trigger) -> None:
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get("/exit")

    assert got.json() == {"errorMessage": "Process exited unexpectedly before completing request"}
    assert trigger.get("/starts").json()["pid"] != before


def test_an_instance_killed_while_idle_is_replaced_unnoticed(trigger: Trigger) -> None:
    before = trigger.get("/starts").json()["pid"]

    os.kill(before, signal.SIGKILL)
    assert until(lambda: gone(before))

    assert trigger.get("/starts").json()["pid"] != before


@pytest.mark.parametrize("function", [sample(), server()])
def test_one_instance_of_either_kind_can_be_killed(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    assert trigger.host.kill_one(function.name) is None
    before = trigger.get("/starts").json()["pid"]

    assert trigger.host.kill_one(function.name) == before

    assert until(lambda: gone(before))
    assert trigger.get("/starts").json()["pid"] != before
    assert trigger.host.kill_one("another") is None
    assert trigger.host.kills == {function.name: 1}


def test_a_timeout_ends_the_instance_once_the_others_have_their_answers(serve: Serve, tmp_path: Path) -> None:
    trigger = serve(server(timeout=1))
    before = trigger.get("/starts").json()["pid"]
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(trigger.get, "/pause?60000")
        time.sleep(0.5)
        other = threads.submit(trigger.get, f"/wait?{tmp_path / 'sign'}")

        assert slow.result().json() == {"errorMessage": "Function timed out after 1 seconds"}
        assert not gone(before)
        new = trigger.get("/starts").json()["pid"]
        (tmp_path / "sign").unlink()

        assert (other.result().status_code, other.result().json()) == (200, before)
    assert new != before
    assert trigger.host.pids("server") == {new}


def test_an_instance_runs_pre_stop_and_is_then_terminated(serve: Serve, tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    trigger = serve(server(pre_stop="any", environment={"FAREWELL": str(farewell)}))
    pid = trigger.get("/starts").json()["pid"]

    trigger.host.stop()

    assert farewell.read_text() == "pre-stop\nterminated\n"
    assert gone(pid)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("pre-stop", "pre-stop answered 500"),
        ("pre-stop hangs", "pre-stop failed: no answer in time"),
        ("stubborn", None),
    ],
)
def test_a_failing_pre_stop_does_not_prevent_the_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str, said: str | None
) -> None:
    monkeypatch.setattr("local.fc.http_instance._PATIENCE", 0.3)
    environment = {"FAREWELL": str(tmp_path / "farewell"), "BROKEN": how}
    trigger = serve(server(pre_stop="any", environment=environment))
    pid = trigger.get("/starts").json()["pid"]

    trigger.host.stop()

    assert gone(pid)
    assert [line for _, _, line in trigger.lines] == ([said] if said else [])
    assert (tmp_path / "farewell").read_text() == "pre-stop\nterminated\n"


def test_stopping_does_not_wait_for_a_busy_instance(trigger: Trigger, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(trigger.get, f"/wait?{sign}")
        assert until(lambda: sign.exists() and sign.read_text() != "")

        trigger.host.stop()

        assert waiting.result().status_code == 502
    assert gone(int(sign.read_text()))


@pytest.mark.parametrize("function", [sample(), server()])
def test_a_host_that_has_stopped_refuses_and_leaves_no_thread(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    assert trigger.get("/starts").status_code == 200

    trigger.host.stop()
    trigger.host.stop()

    assert trigger.get("/starts").status_code == 429
    assert not any(thread.name.startswith("fc-") for thread in threading.enumerate())


@pytest.mark.parametrize("function", [sample(idle_timeout=1), server(idle_timeout=1)])
def test_an_idle_instance_ends_and_a_busy_one_does_not(serve: Serve, function: Function) -> None:
    trigger = serve(function)
    first = trigger.get("/starts").json()["pid"]
    for _ in range(5):
        time.sleep(0.25)
        assert trigger.get("/starts").json()["pid"] == first

    assert until(lambda: trigger.host.pids(function.name) == set())
    assert gone(first)
    assert trigger.get("/starts").json()["pid"] != first


def test_an_expired_instance_makes_room_for_one_with_new_credentials(serve: Serve) -> None:
    numbers = itertools.count(1)
    trigger = serve(server(lifetime=0, credentials=lambda: Credentials(f"STS.{next(numbers)}", "s", "t")))

    seen = [dict(trigger.get("/echo").json()["headers"])["x-fc-access-key-id"] for _ in range(2)]

    assert seen == ["STS.1", "STS.2"]
    assert trigger.host.pids("server") == set()


def test_what_a_server_prints_is_shown_with_its_name_and_instance(trigger: Trigger) -> None:
    trigger.get("/talk")

    expected = {"printed", "to standard error"}
    assert until(lambda: expected <= {line for _, _, line in trigger.lines})
    ((name, instance),) = {(name, instance) for name, instance, _ in trigger.lines}
    assert name == "server"
    assert instance.startswith("c-")


HOST = """
import sys, time
from local.serving import Server
from local.fc.host import Host
sys.path.insert(0, "{tests}")
from triggers import server

with Server(Host(server(timeout=60))) as running:
    print(running.url, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing ends them")
def test_instances_die_with_a_host_that_is_killed() -> None:
    script = HOST.replace("{tests}", str(CODE.parent))
    host = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with host:
        assert host.stdout is not None
        pid = httpx.get(f"{host.stdout.readline().strip()}/starts").json()["pid"]
        assert not gone(pid)

        host.kill()

        assert until(lambda: gone(pid))
