"""One connection, without a network: what it reads, what it answers, in what order, and when it ends."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from shared.hosts.custom import protocol as protocol_module
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.application import Application
from shared.hosts.custom.protocol import HttpProtocol
from shared.http.allowlist import Allowlist
from shared.http.cors import OriginPolicy
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from tests.support.custom import read

MAX_BODY = 1000
Respond = Callable[[Request], Awaitable[Response]]


class Wire(asyncio.Transport):
    """The client's end: what has been written, and whether anything is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        assert not self.closed
        self.reading = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("203.0.113.7", 1) if name == "peername" else default

    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", self.written)]


async def echo(request: Request) -> Response:
    return Response(200, {"x-ip": request.source_ip, "x-path": request.path}, request.body)


class Connection:
    """A connection that has been made, to a service of one route."""

    def __init__(self, respond: Respond = echo, *, requests: int = 64, held: int = 10_000) -> None:
        async def route(request: Request, _: re.Match[str]) -> Response:
            return await respond(request)

        service = Service(
            OriginPolicy(Allowlist(())), [Route(re.compile("/.*"), (), route)], max_body=MAX_BODY
        )
        self.admission = Admission(requests, held, 0)
        application = cast(Any, Application(service, self.admission))
        config = Config(application, log_config=None, interface="asgi3", proxy_headers=False)
        config.load()
        self.state, self.wire = ServerState(), Wire()
        self.protocol = HttpProtocol(config, self.state)
        self.protocol.connection_made(self.wire)

    def send(self, data: bytes) -> None:
        self.protocol.data_received(data)

    async def answers(self, count: int) -> list[int]:
        """Return the statuses once there are so many, or it is clear that there will not be."""
        for _ in range(1000):
            if len(self.wire.statuses()) >= count:
                break
            await asyncio.sleep(0.001)
        return self.wire.statuses()


def post(body: bytes = b"", *headers: str, path: str = "/a", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = (f"POST {path} HTTP/1.1", "Host: t", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def run(work: Coroutine[object, object, None]) -> None:
    asyncio.run(work)


def test_a_request_that_comes_byte_by_byte_is_a_request() -> None:
    async def go() -> None:
        connection = Connection()
        for byte in post(b"body"):
            connection.send(bytes([byte]))
        assert await connection.answers(1) == [200]
        answer = read(connection.wire.written)
        assert (answer.body, answer.headers["x-ip"]) == (b"body", "203.0.113.7")
        assert connection.admission.bytes == 0
        assert connection.protocol._timer is None
        assert not connection.wire.closed

    run(go())


def test_one_that_comes_whole_needs_no_timer() -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        connection = Connection()
        loop.call_later = loop.call_at = None  # type: ignore[method-assign, assignment]
        connection.send(post(b"body"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert connection.wire.statuses() == [200]

    run(go())


def test_requests_sent_at_once_are_answered_one_after_the_other_and_nothing_is_read_meanwhile() -> None:
    async def go() -> None:
        here, order = asyncio.Event(), list[str]()

        async def wait(request: Request) -> Response:
            order.append(request.path)
            await here.wait()
            return Response(200)

        connection = Connection(wait)
        connection.send(b"".join(post(b"x", path=f"/{number}") for number in range(3)))
        await asyncio.sleep(0.01)
        assert order == ["/0"]
        assert not connection.wire.reading
        assert connection.admission.bytes == 3
        here.set()
        assert await connection.answers(3) == [200] * 3
        assert order == ["/0", "/1", "/2"]
        await asyncio.sleep(0)
        assert connection.wire.reading
        assert connection.admission.bytes == 0

    run(go())


def test_thousands_sent_at_once_need_no_deep_stack_and_let_others_come_in_between() -> None:
    async def go() -> None:
        crowd, visitor = Connection(), Connection()
        crowd.send(post() * 5000)
        visitor.send(post())
        assert await visitor.answers(1) == [200]
        assert len(crowd.wire.statuses()) < 100
        for _ in range(20_000):
            await asyncio.sleep(0)
        assert crowd.wire.statuses() == [200] * 5000

    run(go())


def test_what_is_read_while_an_answer_is_awaited_is_bounded() -> None:
    async def go() -> None:
        here = asyncio.Event()

        async def wait(_: Request) -> Response:
            await here.wait()
            return Response(200)

        connection = Connection(wait)
        connection.send(post())
        assert connection.wire.reading  # the client may go, which has to be seen
        connection.send(post(b"x" * 10, length=20))
        assert not connection.wire.reading
        assert connection.protocol._timer is None  # it waits for the first, and cannot help it
        here.set()
        assert await connection.answers(1) == [200]
        await asyncio.sleep(0.01)
        assert connection.wire.reading
        assert connection.protocol._timer is not None
        connection.send(b"x" * 10)
        assert await connection.answers(2) == [200, 200]

    run(go())


def test_a_client_that_does_not_take_its_answers_gets_no_more() -> None:
    async def go() -> None:
        connection = Connection()
        connection.protocol.pause_writing()
        connection.send(post() * 2)
        await asyncio.sleep(0.01)
        assert connection.wire.statuses() == []
        assert not connection.wire.reading
        connection.protocol.resume_writing()
        assert await connection.answers(2) == [200, 200]

    run(go())


@pytest.mark.parametrize(
    ("request_line", "closes"),
    [
        (b"GET /a HTTP/1.1\r\n\r\n", False),
        (b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", True),
        (b"GET /a HTTP/1.0\r\n\r\n", True),
        (b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_a_connection_ends_where_its_client_means_it_to(request_line: bytes, closes: bool) -> None:
    async def go() -> None:
        connection = Connection()
        connection.send(request_line * 2)
        assert await connection.answers(1 if closes else 2) == [200] * (1 if closes else 2)
        assert connection.wire.closed is closes
        assert (b"connection: close" in connection.wire.written) is closes

    run(go())


def test_a_head_has_the_headers_of_a_get_and_no_body() -> None:
    async def body(_: Request) -> Response:
        return Response(200, {}, b"12345")

    async def go() -> None:
        connection = Connection(body)
        connection.send(b"HEAD /a HTTP/1.1\r\n\r\n")
        assert await connection.answers(1) == [200]
        assert connection.wire.written.endswith(b"\r\ncontent-length: 5\r\n\r\n")

    run(go())


def test_a_client_that_waits_for_a_word_gets_it_once_and_one_that_does_not_wait_gets_none() -> None:
    async def go() -> None:
        connection = Connection()
        connection.send(post(length=2).replace(b"Host: t", b"Expect: 100-continue"))
        assert connection.wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(b"a")
        connection.send(b"b")
        assert await connection.answers(2) == [100, 200]
        connection.send(post(b"ab", "Expect: 100-continue"))
        assert await connection.answers(3) == [100, 200, 200]

    run(go())


def test_where_there_is_no_room_the_answer_comes_before_the_body_and_the_connection_goes_on() -> None:
    async def go() -> None:
        connection = Connection(requests=0)
        connection.send(post(length=5))
        assert connection.wire.statuses() == [503]
        await asyncio.sleep(0.01)
        assert connection.protocol._timer is not None  # the rest cannot come for ever
        connection.send(b"abcde")
        assert connection.protocol._timer is None
        connection.send(post())
        assert connection.wire.statuses() == [503, 503]
        assert not connection.wire.closed

    run(go())


def test_a_body_for_which_there_is_no_room_is_refused_as_it_comes() -> None:
    async def go() -> None:
        connection = Connection(held=10)
        connection.send(post(b"x" * 10, length=100))
        assert connection.wire.statuses() == []
        connection.send(b"x")
        assert connection.wire.statuses() == [503]
        assert connection.admission.bytes == 0

    run(go())


def test_the_rest_of_a_refused_body_and_a_head_that_stops_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol_module, "UNFINISHED", 0.02)

    async def go() -> None:
        refused, stopped = Connection(requests=0), Connection()
        refused.send(post(length=5))
        stopped.send(b"GET / HT")
        for _ in range(1000):
            if refused.wire.closed and stopped.wire.closed:
                break
            await asyncio.sleep(0.005)
        assert refused.wire.statuses() == [503]
        assert stopped.wire.statuses() == [400]
        assert refused.wire.closed
        assert stopped.wire.closed

    run(go())


def test_a_head_has_its_own_time_whatever_was_unfinished_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_module, "UNFINISHED", 30)

    async def go() -> None:
        connection = Connection()
        connection.send(b"GET / HT")
        first = connection.protocol._timer
        connection.send(b"TP/1.1\r\n")
        assert connection.protocol._timer is first
        connection.send(b"\r\nGET / HT")
        await connection.answers(1)
        assert connection.protocol._timer not in (first, None)

    run(go())


def test_told_to_stop_it_answers_what_has_begun_and_takes_nothing_more() -> None:
    async def go() -> None:
        idle, busy = Connection(), Connection()
        busy.send(post(b"a", length=2))
        idle.protocol.shutdown()
        busy.protocol.shutdown()
        assert idle.wire.closed
        assert not busy.wire.closed
        busy.send(b"b" + post())
        assert await busy.answers(1) == [200]
        assert busy.wire.closed

    run(go())


def test_the_work_for_a_client_that_has_gone_goes_on_and_the_server_waits_for_it() -> None:
    async def go() -> None:
        here, done = asyncio.Event(), list[str]()

        async def wait(_: Request) -> Response:
            await here.wait()
            done.append("delivered")
            return Response(200)

        connection = Connection(wait)
        connection.send(post(b"a"))
        await asyncio.sleep(0)
        connection.protocol.connection_lost(None)
        assert not connection.state.connections
        assert len(connection.state.tasks) == 1
        here.set()
        await asyncio.wait(connection.state.tasks)
        assert done == ["delivered"]
        assert not connection.state.tasks
        assert connection.wire.written == b""
        assert (connection.admission.in_flight, connection.admission.bytes) == (0, 0)

    run(go())


def test_trailers_are_no_headers() -> None:
    seen: list[dict[str, str]] = []

    async def note(request: Request) -> Response:
        seen.append(dict(request.headers))
        return Response(200, {}, request.body)

    async def go() -> None:
        connection = Connection(note)
        chunked = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.send(chunked + b"2\r\nab\r\n0\r\nx-forwarded-for: 9.9.9.9\r\n\r\n")
        assert await connection.answers(1) == [200]
        assert read(connection.wire.written).body == b"ab"

    run(go())
    assert seen == [{"transfer-encoding": "chunked"}]


def test_a_header_that_would_be_two_lines_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def split(_: Request) -> Response:
        return Response(200, {"x-a": "b\r\nset-cookie: c"})

    async def go() -> None:
        connection = Connection(split)
        connection.send(post())
        assert await connection.answers(1) == [500]
        assert b"cookie" not in connection.wire.written
        assert (
            json.loads(connection.wire.written.partition(b"\r\n\r\n")[2])["errorCode"]
            == "InternalServerError"
        )
        assert connection.wire.closed

    run(go())
    assert "ValueError" in caplog.text


def test_a_bug_beside_the_parser_is_a_500_and_not_the_clients_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("SECRET")

    monkeypatch.setattr(Application, "incoming", broken)

    async def go() -> None:
        connection = Connection()
        connection.send(post())
        assert connection.wire.statuses() == [500]
        assert connection.wire.closed

    run(go())
    assert "KeyError" in caplog.text
    assert "SECRET" not in caplog.text
