"""A pool of keep-alive HTTP/1.1 connections to one server on loopback, without a maximum size."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, cast

import httptools

_WITHOUT_BODY = (204, 304)


class Broken(Exception):
    """The connection failed, or was closed before the answer was complete."""


class Garbled(Exception):
    """The answer is not valid HTTP."""


class HttpAnswer(NamedTuple):
    """A response: headers in the order of arrival, and the whole body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Connections:
    """The connections to one port. Use it from one event loop only."""

    def __init__(self, port: int) -> None:
        """The first exchange opens a connection."""
        self._port = port
        self._idle: list[_Connection] = []
        self._closed = False

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a complete request and return the answer. Raises Broken or Garbled.

        A request is never retried: an unanswered one may have been processed by the server.
        """
        connection = self._take() or await self._open()
        try:
            answer = await connection.exchange(request)
        except BaseException:
            connection.abort()
            raise
        if self._closed or not connection.reusable:
            connection.abort()
        else:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close idle connections now, and busy ones after their answers."""
        self._closed = True
        while self._idle:
            self._idle.pop().abort()

    def _take(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
            connection.abort()
        return None

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
        except OSError as error:
            raise Broken(str(error)) from None
        return connection


class _Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._keep_alive = True

    @property
    def reusable(self) -> bool:
        """Whether the next request may go over this connection."""
        sent = not self._transport.get_write_buffer_size()
        return self._keep_alive and sent and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a request and return its answer. Raises Broken or Garbled."""
        self._answer = asyncio.get_running_loop().create_future()
        self._head_only = request.startswith(b"HEAD ")
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()
        self._until_closed = False
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        """Close immediately."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self._keep_alive = False  # data that answers no request
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(Garbled(str(error)))

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_alive = False
        if self._until_closed and exc is None:
            self._finish()
        self._fail(Broken(str(exc or "closed before the answer was complete")))

    # Callbacks of httptools.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        named = {name.lower() for name, _ in self._headers}
        if self._head_only and status >= 200:
            self._keep_alive = False  # the parser still expects a body
            self._finish()
        self._until_closed = not named & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._headers.clear()  # an interim response such as 103; the final one follows
            return
        self._keep_alive = self._keep_alive and self._parser.should_keep_alive()
        self._finish()

    def _finish(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            self._answer.set_result(HttpAnswer(status, self._headers, bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        self._keep_alive = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
