"""The host for FC: start, settings, deadlines, and that it never raises."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.hosts.builtin import Function
from shared.http.cors import NO_READER, OriginPolicy
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from shared.settings import Environment
from tests.support.fc import context, event

Warmed = list[tuple[Credentials | None, float]]


class Host:
    """A function that records its requests, its settings and its warm-up."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.requests: list[Request] = []
        self.remaining: list[float] = []
        self.warmed: Warmed = []
        self.built = 0
        self._fault = fault
        self.function = Function(self._build)

    def _build(self, variables: Mapping[str, str]) -> Service:
        self.built += 1
        env = Environment(variables)
        env.project()
        routes = [Route(re.compile("/keep"), ("GET", "POST"), self._keep)]
        return Service(OriginPolicy.from_environment(env), routes, warm_up=self._warm_up)

    async def _warm_up(self, given_ones: Credentials | None, deadline: Deadline) -> None:
        self.warmed.append((given_ones, deadline.remaining()))

    async def _keep(self, request: Request, _: re.Match[str]) -> Response:
        self.remaining.append(request.deadline.remaining())
        self.requests.append(request)
        if self._fault is not None:
            raise self._fault
        return Response(200, {}, request.body)

    def handle(self, path: str = "/keep", ctx: object = None, **more: Any) -> dict[str, Any]:
        return self.function.handle(event("POST", path, **more), ctx or context())


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLS_PROJECT", "demo-project")


def refused(answer: dict[str, Any], request_id: str = "1-64f6cd87-context") -> tuple[int, str, str]:
    """Return status, code and message of an error answer that no origin may read."""
    assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
    headers = answer["headers"]
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (NO_READER, "Origin")
    assert headers["x-log-requestid"] == request_id
    body = json.loads(answer["body"])
    assert headers["x-log-errorcode"] == body["errorCode"]
    return answer["statusCode"], body["errorCode"], body["errorMessage"]


def test_an_event_is_answered_with_all_four_keys() -> None:
    answer = Host().handle(body="hello")
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "hello", False)
    assert answer["headers"]["x-log-requestid"] == "1-64f6cd87-context"


def test_the_service_is_built_once_with_an_initializer_or_without() -> None:
    host = Host()
    host.handle()
    host.function.initialize(context())
    host.handle()
    assert (host.built, len(host.requests)) == (1, 2)


def test_the_initializer_warms_up_with_the_contexts_credentials_in_under_three_seconds() -> None:
    host = Host()
    own = SimpleNamespace(access_key_id="id", access_key_secret="secret", security_token="token")
    host.function.initialize(context(credentials=own))
    ((given_ones, seconds),) = host.warmed
    assert given_ones == Credentials("id", "secret", "token")
    assert 2 < seconds < 3


def test_the_contexts_credentials_come_with_the_request() -> None:
    host = Host()
    own = SimpleNamespace(access_key_id="id", access_key_secret="secret", security_token=None)
    host.handle(ctx=context(credentials=own))
    host.handle()
    assert [request.credentials for request in host.requests] == [Credentials("id", "secret"), None]


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(10, 9), (3, 2), (1, 0.5), (2, 1), (600, 599), (2.5, 1.5), (None, 9), (0, 9), (-1, 9), ("3", 9)],
)
def test_all_is_done_a_second_before_the_functions_timeout(timeout: Any, seconds: float) -> None:
    host = Host()
    host.handle(ctx=context(timeout))
    assert host.remaining[0] == pytest.approx(seconds, abs=0.4)
    assert host.remaining[0] <= seconds


@pytest.mark.parametrize(
    "ctx",
    [
        SimpleNamespace(),
        SimpleNamespace(function=None),
        SimpleNamespace(function=SimpleNamespace()),
        object(),
    ],
)
def test_a_context_that_says_nothing_means_ten_seconds_and_the_events_request_id(ctx: object) -> None:
    host = Host()
    assert host.handle(ctx=ctx)["headers"]["x-log-requestid"] == "1-64f6cd87-event"
    assert host.remaining[0] == pytest.approx(9, abs=0.4)


@pytest.mark.parametrize(("name", "held"), [("SLS_PROJECT", "Not A Project"), ("ORIGIN_MODE", "sometimes")])
def test_a_bad_setting_fails_the_start_by_name_and_the_handler_leaks_nothing(
    name: str, held: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, held)
    host = Host()
    with pytest.raises(ValueError, match=f"{name} has the value '{held}'"):
        host.function.initialize(context())
    status, code, message = refused(host.handle())
    assert (status, code) == (500, "InternalServerError")
    assert name not in message
    assert held not in message
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert f"{name} has the value '{held}'" in json.loads(record.getMessage())["detail"]


def test_a_corrected_setting_is_used_at_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    monkeypatch.delenv("SLS_PROJECT")
    assert host.handle()["statusCode"] == 500
    monkeypatch.setenv("SLS_PROJECT", "demo-project")
    assert host.handle()["statusCode"] == 200


@pytest.mark.parametrize(
    "raw", [b'{"triggerName":"timer","payload":"SECRET"}', b"", b"SECRET", b"[" * 100_000, ""]
)
def test_an_event_that_is_not_http_is_not_found(raw: bytes | str) -> None:
    status, code, message = refused(Host().function.handle(raw, context()))
    assert (status, code) == (404, "NotFound")
    assert "SECRET" not in message


@pytest.mark.parametrize("raw", [None, {"rawPath": "/"}, 5])
def test_an_event_of_no_known_type_is_an_answer_too(raw: Any) -> None:
    assert refused(Host().function.handle(raw, context()))[:2] == (500, "InternalServerError")


def test_an_error_while_building_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    def build(_: Mapping[str, str]) -> Service:
        raise RuntimeError("SECRET")

    status, code, message = refused(Function(build).handle(event("GET", "/"), context()))
    assert (status, code) == (500, "InternalServerError")
    assert "SECRET" not in message
    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert line["detail"].endswith("build > RuntimeError")
    assert line["requestId"] == "1-64f6cd87-context"
    assert "SECRET" not in record.getMessage()


@pytest.mark.parametrize(
    "fault",
    [
        KeyError("SECRET"),
        RecursionError("SECRET"),
        MemoryError(),
        UnicodeError("SECRET"),
        OSError(5, "SECRET"),
    ],
)
def test_a_bug_in_a_route_becomes_an_answer(fault: Exception) -> None:
    answer = Host(fault).handle()
    assert answer["statusCode"] == 500
    assert "SECRET" not in json.dumps(answer)


class Hostile:
    """A context whose every attribute fails."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(name) if name in ("request_id", "function") else RuntimeError("SECRET")


def test_a_context_that_fails_does_not_make_the_handler_fail() -> None:
    answer = Host().handle(ctx=Hostile())
    assert refused(answer, request_id="")[:2] == (500, "InternalServerError")
    assert "SECRET" not in json.dumps(answer)


HALF_EVENTS = st.builds(
    lambda method, path, body: json.dumps(
        {"rawPath": path, "body": body, "requestContext": {"http": {"method": method}}}
    ).encode(),
    st.text(max_size=8) | st.integers(),
    st.text(max_size=20) | st.sampled_from(["/keep", "/healthz", "//keep"]),
    st.text(max_size=20) | st.none(),
)


@given(st.binary(max_size=300) | HALF_EVENTS | st.text(max_size=100))
def test_any_event_gets_an_answer_of_four_keys_that_fcs_json_takes(raw: bytes | str) -> None:
    answer = Function(lambda _: Service(OriginPolicy.from_environment(Environment({})), [])).handle(
        raw, context()
    )
    assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
    assert 200 <= answer["statusCode"] < 600
    assert all(isinstance(part, str) for pair in answer["headers"].items() for part in pair)
    json.dumps(answer).encode()
