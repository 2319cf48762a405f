"""Functions without an HTTP trigger, called with an event of any kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.fc.errors import FunctionFailed, Refused, Reported
from local.fc.function import Function
from local.fc.host import Host
from tests.support.waiting import gone, until

from .triggers import CODE, sample, server

Lines = list[tuple[str, str, str]]
Hosts = Callable[[Function], tuple[Host, Lines]]


def timed(**options: object) -> Function:
    return Function("timed", "timed.handler", code=CODE, methods=(), **options)  # type: ignore[arg-type]


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with ExitStack() as closing:

        def start(function: Function) -> tuple[Host, Lines]:
            lines: Lines = []
            host = Host(sample(), unrouted=[function], log=lambda *line: lines.append(line))
            closing.callback(host.stop)
            return host, lines

        yield start


def test_a_handler_gets_the_event_as_it_is_and_its_answer_comes_back(hosts: Hosts) -> None:
    host, lines = hosts(timed())
    payload = b'{"triggerName": "minute", "payload": "\xc3\xa9"}'

    answered = json.loads(host.invoke("timed", payload))

    assert answered["event"] == payload.decode()
    assert until(lambda: lines == [("timed", answered["request_id"], "called")])


def test_one_instance_takes_call_after_call(hosts: Hosts) -> None:
    host, _ = hosts(timed(instances=1))

    answers = [json.loads(host.invoke("timed", b"{}")) for _ in range(2)]

    assert len({answer["pid"] for answer in answers}) == 1
    assert len({answer["request_id"] for answer in answers}) == 2
    assert host.pids("timed") == {answers[0]["pid"]}


def test_an_exception_of_a_handler_is_raised_and_the_next_call_is_answered(hosts: Hosts) -> None:
    host, _ = hosts(timed())

    with pytest.raises(Reported, match="no such thing"):
        host.invoke("timed", b"raise")

    assert json.loads(host.invoke("timed", b"{}"))["event"] == "{}"


def test_a_call_that_takes_too_long_ends_with_its_instance(hosts: Hosts) -> None:
    host, _ = hosts(timed(timeout=2))
    pid = json.loads(host.invoke("timed", b"{}"))["pid"]

    with pytest.raises(FunctionFailed, match="timed out after 2 seconds"):
        host.invoke("timed", b"sleep")

    assert gone(pid)


def test_a_function_without_a_trigger_is_not_started_before_it_is_called(hosts: Hosts) -> None:
    host, _ = hosts(timed())

    host.warm()

    assert (len(host.pids("sample")), host.pids("timed")) == (1, set())


def test_only_configured_functions_can_be_called(hosts: Hosts) -> None:
    host, _ = hosts(timed())

    with pytest.raises(LookupError, match="nobody"):
        host.invoke("nobody", b"{}")


def test_a_stopped_host_accepts_no_call(hosts: Hosts) -> None:
    host, _ = hosts(timed())
    pid = json.loads(host.invoke("timed", b"{}"))["pid"]

    host.stop()

    assert gone(pid)
    with pytest.raises(Refused):
        host.invoke("timed", b"{}")


def test_a_custom_runtime_takes_requests_only() -> None:
    with pytest.raises(ValueError, match=r"^server: .*built-in runtime"):
        Host(sample(), unrouted=[server()])
