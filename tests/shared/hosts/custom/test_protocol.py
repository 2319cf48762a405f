"""One connection: what it reads, what it answers, in what order, and when it ends."""

from __future__ import annotations

import asyncio

import pytest

from shared.http.request import Request
from shared.http.response import Response
from tests.shared.hosts.custom.connection import Connection, post, run
from tests.support.custom import read


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
        for _ in range(100):
            if visitor.wire.statuses():
                break
            await asyncio.sleep(0)
        assert visitor.wire.statuses() == [200]
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
