"""How instances of a custom runtime start, and what is said where one does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.fc.errors import FunctionFailed
from tests.local.fc.triggers import CREDENTIALS, Serve, at_once, sample, server


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
        ("initializer hangs", "Function timed out after 3 seconds"),
    ],
)
def test_a_failed_start_is_502_with_its_words_in_the_log_and_leaves_no_process(
    serve: Serve, how: str, message: str
) -> None:
    timeout = 3 if how == "initializer hangs" else 20  # in which it has to listen, at least
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
