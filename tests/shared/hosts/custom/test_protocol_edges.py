"""One connection at its edges: heads, bodies without room, clients that stop or go, and bugs."""

from __future__ import annotations

import asyncio
import json

import pytest

from shared.hosts.custom import application as application_module
from shared.hosts.custom import protocol as protocol_module
from shared.http.request import Request
from shared.http.response import Response
from tests.shared.hosts.custom.connection import Connection, post, run
from tests.support.custom import read


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
        assert not connection.state.open
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

    monkeypatch.setattr(application_module, "Incoming", broken)

    async def go() -> None:
        connection = Connection()
        connection.send(post())
        assert connection.wire.statuses() == [500]
        assert connection.wire.closed

    run(go())
    assert "KeyError" in caplog.text
    assert "SECRET" not in caplog.text
