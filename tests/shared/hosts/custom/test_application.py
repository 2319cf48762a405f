"""The application: full is refused with a 503, both calls of Function Compute do no harm, nothing escapes."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.application import Application
from shared.http.allowlist import Allowlist
from shared.http.cors import NO_READER, OriginPolicy
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from tests.support.custom import Head, ask

FROM_FC = {"x_fc_request_id": "1-a"}
GOOD = "https://shop.example.com"
MAX_BODY = 1000

Respond = Callable[[Request], Awaitable[Response]]


async def echo(request: Request) -> Response:
    return Response(200, {"x-seconds": f"{request.deadline.remaining():.0f}"}, request.body)


def service(respond: Respond = echo, *, origins: tuple[str, ...] = (), **more: Any) -> Service:
    async def route(request: Request, _: re.Match[str]) -> Response:
        return await respond(request)

    routes = [Route(re.compile("/echo"), ("GET", "POST"), route)]
    return Service(OriginPolicy(Allowlist(origins)), routes, max_body=MAX_BODY, **more)


def application(core: Service | None = None, *, requests: int = 64, held: int = 10_000) -> Application:
    return Application(core or service(), Admission(requests, held, 0))


def head(method: str = "POST", path: str = "/echo", **headers: str) -> Head:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Head(method, path, b"", raw)


def test_a_request_is_answered_with_its_body_id_and_deadline() -> None:
    response = asyncio.run(ask(application(), head(x_fc_request_id="1-a"), b"ab", b"c"))
    assert (response.status, response.body) == (200, b"abc")
    assert response.headers["x-log-requestid"] == "1-a"
    assert response.headers["x-seconds"] == "9"


def test_of_a_body_past_the_limit_the_core_learns_the_size() -> None:
    sizes: list[tuple[int, int | None]] = []

    async def note(request: Request) -> Response:
        sizes.append((len(request.body), request.size))
        return Response(200)

    for size in (MAX_BODY, MAX_BODY + 1):
        asyncio.run(ask(application(service(note)), head(), b"a" * size))
    assert sizes == [(MAX_BODY, MAX_BODY), (0, MAX_BODY + 1)]


def test_as_many_at_once_as_are_let_in_and_one_more_is_told_to_come_back() -> None:
    async def crowd() -> list[Response]:
        here = asyncio.Event()

        async def wait(_: Request) -> Response:
            await here.wait()
            return Response(200)

        app = application(service(wait, origins=(GOOD,)), requests=3)
        asking = [asyncio.create_task(ask(app, head(origin=GOOD))) for _ in range(4)]
        refused = await asking.pop()
        here.set()
        return [refused, *await asyncio.gather(*asking), await ask(app, head(origin=GOOD))]

    refused, *answered = asyncio.run(crowd())
    assert [response.status for response in answered] == [200] * 4
    assert (refused.status, json.loads(refused.body)["errorCode"]) == (503, "ServerBusy")
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["access-control-allow-origin"] == GOOD


def test_bodies_are_let_in_up_to_so_many_bytes_at_once_whatever_is_announced() -> None:
    async def crowd() -> list[int]:
        here = asyncio.Event()

        async def wait(_: Request) -> Response:
            await here.wait()
            return Response(200)

        app = application(service(wait), held=1500)
        big = asyncio.create_task(ask(app, head(content_length="999999"), b"a" * 900))
        fits = asyncio.create_task(ask(app, head(content_length="500"), b"a" * 300, b"a" * 300))
        await asyncio.sleep(0.01)
        refused = await ask(app, head(content_length="1"), b"a")
        empty = asyncio.create_task(ask(app, head("GET")))
        await asyncio.sleep(0.01)
        here.set()
        return [refused.status, *(r.status for r in await asyncio.gather(big, fits, empty))]

    assert asyncio.run(crowd()) == [503, 200, 200, 200]


def test_a_body_that_does_not_come_takes_no_place_and_its_client_is_told() -> None:
    async def go() -> tuple[list[object], Response, Response]:
        app = application(requests=1)
        dawdling = [app.incoming("POST", "/echo", b"", []) for _ in range(2)]
        taken: list[object] = [app.take(incoming) for incoming in dawdling]
        answered = await ask(app, head(), b"a")
        return taken, answered, app.gone(dawdling[0], "the body did not arrive in time")

    taken, answered, told = asyncio.run(go())
    assert taken == [None, None]
    assert answered.status == 200
    assert (told.status, told.headers["Access-Control-Allow-Origin"]) == (400, "*")
    assert json.loads(told.body)["errorCode"] == "PostBodyInvalid"


@pytest.mark.parametrize("path", ["/healthz", "/any/healthz"])
def test_where_it_is_full_its_health_is_told_all_the_same(path: str) -> None:
    assert asyncio.run(ask(application(requests=0), head("GET", path))).status == 200


def test_requests_refused_for_being_full_have_one_line_together(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.hosts.custom.refusals.INTERVAL", 0.05)

    async def crowd() -> list[int]:
        app, began = application(requests=0), time.monotonic()
        answers = [await ask(app, head()) for _ in range(200)]
        await asyncio.sleep(0.2)
        most.append(2 + (time.monotonic() - began) / 0.05)
        return [answer.status for answer in answers]

    most: list[float] = []

    caplog.set_level(logging.INFO)
    assert asyncio.run(crowd()) == [503] * 200
    lines = [json.loads(record.message) for record in caplog.records]
    assert 1 <= len(lines) <= most[0]
    assert sum(line["refused"] for line in lines) == 200
    assert {(line["level"], line["event"]) for line in lines} == {("ERROR", "full")}


def test_requests_wait_beside_each_other() -> None:
    async def crowd() -> None:
        here, everybody = 0, asyncio.Event()

        async def wait(_: Request) -> Response:
            nonlocal here
            here += 1
            if here == 64:
                everybody.set()
            await everybody.wait()
            return Response(200)

        app = application(service(wait))
        await asyncio.wait_for(asyncio.gather(*(ask(app, head()) for _ in range(64))), 20)

    asyncio.run(crowd())


def test_initialize_warms_up_with_the_keys_of_the_host_also_where_it_is_full() -> None:
    given: list[Credentials | None] = []

    async def warm_up(credentials: Credentials | None, deadline: Deadline) -> None:
        assert 0 < deadline.remaining() <= 3
        given.append(credentials)

    keys = {"x_fc_access_key_id": "id", "x_fc_access_key_secret": "secret", **FROM_FC}
    app = application(service(warm_up=warm_up), requests=0)
    response = asyncio.run(ask(app, head("POST", "/initialize", **keys)))
    assert (response.status, response.body) == (200, b"")
    assert response.headers["access-control-allow-origin"] == NO_READER
    assert given == [Credentials("id", "secret")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/initialize", 404),
        ("POST", "/pre-stop", 404),
        ("POST", "/x/initialize", 404),
        ("POST", "/initialize", 404),
        ("GET", "/pre-stop", 404),
        ("GET", "/pre-stop/", 404),
        ("GET", "/healthz", 200),
    ],
)
def test_other_requests_are_the_functions_own(method: str, path: str, status: int) -> None:
    assert asyncio.run(ask(application(), head(method, path))).status == status


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/initialize", {"x_fc_control_path": "/initialize"}, 200),
        ("GET", "/pre-stop", {"x_fc_control_path": "/pre-stop"}, 200),
        ("GET", "/pre-stop", FROM_FC, 200),
        ("GET", "/pre-stop", {**FROM_FC, "x_fc_control_path": "/http-invoke"}, 404),
        ("GET", "/pre-stop", {**FROM_FC, "x_fc_control_path": "/initialize"}, 404),
        ("GET", "/pre-stop", {"x_fc_control_path": ""}, 404),
        ("POST", "/initialize", {**FROM_FC, "x_fc_control_path": "/http-invoke"}, 404),
        ("POST", "/initialize", {"x_fc_control_path": "/initialize,/http-invoke"}, 404),
    ],
)
def test_only_the_platform_starts_and_stops_an_instance(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert asyncio.run(ask(application(), head(method, path, **headers))).status == status


def test_pre_stop_is_answered_once_the_others_are_and_stops_nothing() -> None:
    order: list[str] = []

    async def wait(_: Request) -> Response:
        await asyncio.sleep(0.05)
        order.append("answered")
        return Response(200)

    async def stop() -> list[int]:
        app = application(service(wait))
        asking = asyncio.create_task(ask(app, head()))
        await asyncio.sleep(0.01)
        stopped = await ask(app, head("GET", "/pre-stop", **FROM_FC))
        order.append("stopped")
        return [stopped.status, (await asking).status, (await ask(app, head())).status]

    assert asyncio.run(stop()) == [200, 200, 200]
    assert order == ["answered", "stopped", "answered"]


def test_a_request_that_never_comes_whole_makes_room_for_others(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> tuple[Response, Response]:
        app = application(requests=1, held=10)
        incoming = app.incoming("POST", "/echo", b"", [])
        incoming.add(b"a" * 10)
        assert app.take(incoming) is None
        gone = app.gone(incoming, "the client has gone")
        incoming.drop()
        return gone, await ask(app, head(), b"a" * 10)

    caplog.set_level(logging.INFO)
    gone, after = asyncio.run(go())
    assert gone.status == 400
    assert "gone" in caplog.text
    assert after.status == 200


def test_a_request_that_the_server_gives_up_at_its_end_is_told_to_come_back() -> None:
    async def wait(_: Request) -> Response:
        await asyncio.sleep(20)
        raise AssertionError

    async def stop() -> Response:
        asking = asyncio.create_task(ask(application(service(wait)), head()))
        await asyncio.sleep(0.01)
        asking.cancel()
        return await asking

    response = asyncio.run(stop())
    assert (response.status, json.loads(response.body)["errorCode"]) == (503, "ServerBusy")
    assert response.headers["access-control-allow-origin"] == NO_READER


def test_a_bug_in_the_host_is_a_500_without_its_stack_that_no_page_may_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = head()._replace(headers=[("SECRET", None)])  # type: ignore[list-item]
    response = asyncio.run(ask(application(), broken))
    assert (response.status, json.loads(response.body)["errorCode"]) == (500, "InternalServerError")
    assert response.headers["access-control-allow-origin"] == NO_READER
    assert "SECRET" not in caplog.text + response.body.decode()
    assert "request.py" in caplog.text
