"""One connection of a client: HTTP/1.1 over httptools, one request at a time.

httptools accepts heads of any length and duration. Here a head has a maximum size and time, and a body a
minimum speed. A refusal has the format and the headers of every other answer. A client that closes its side
after a complete request still gets its answer. While a request is not answered, nothing after it is read.

A request is processed when all received bytes are parsed. By then it is usually complete: it needs no timer,
nothing waits for its body, and its answer is written in one piece.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any, cast

import httptools

from shared.hosts.custom.answer import written
from shared.hosts.custom.application import Answering, Application
from shared.hosts.custom.incoming import Incoming, Pace
from shared.hosts.custom.request import split_target
from shared.http.errors import PARAMETER_TOO_LARGE, POST_BODY_INVALID, ApiError
from shared.http.response import Response
from shared.http.service import failure, unexpected

# Function Compute limits headers to 8 KB, path and query to 4 KB. Here a GET may have the 16 KB of pairs that
# functions/track/limits.py allows.
MAX_HEADERS = 16 * 1024  # bytes of names and values, trailers included, plus 4 for each header
MAX_TARGET = 20 * 1024  # bytes of path and query
# Seconds for a head from its first byte on, and for the rest of a request that is already answered.
UNFINISHED = 10.0

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Refused(Exception):
    """The head is too large. Raised in a callback of the parser, which wraps it in its own error."""


class Connections:
    """What a server waits for before it ends."""

    def __init__(self) -> None:
        self.open: set[HttpProtocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()  # each answers one request

    def busy(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self.open or self.tasks)


class HttpProtocol(asyncio.Protocol):
    """Serves one connection."""

    def __init__(
        self, application: Application, connections: Connections, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._application = application
        self._loop = loop
        self._connections = connections.open
        self._tasks = connections.tasks
        self._parser: Any = httptools.HttpRequestParser(self)
        # A request that says it is the last is answered, even if more data follows.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._client = ""
        # What is being parsed.
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._headers_size = self._messages = 0
        self._in_head = False
        self._arriving: Incoming | None = None  # a request with a complete head and an incomplete body
        self._silent = 0  # bytes since the last callback of the parser
        self._refusal: ApiError | None = None
        # Requests to be answered, in the order of their heads. The last one may be incomplete.
        self._waiting: deque[Incoming] = deque()
        self._current: Incoming | None = None  # the request that is being answered
        self._last = False  # whether no further request is accepted
        self._half_closed = self._ended = False
        self._reading = self._writable = True
        self._timer: asyncio.TimerHandle | None = None
        self._timer_of: tuple[int, Incoming | None] | None = None

    # Called by the server.

    def shutdown(self) -> None:
        """Accept no more requests, and close the connection once the current ones are answered."""
        self._last = True
        if self._current is None and not self._waiting:
            self._end()

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if isinstance(peer, tuple) else ""
        # Function Compute requires that idle connections stay open ("Principles" of custom runtimes). The
        # kernel detects a connection whose other end has vanished.
        own = transport.get_extra_info("socket")
        if own is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then process what it has found."""
        if self._last and self._arriving is None:
            return
        self._silent += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # A request for another protocol is answered in HTTP/1.1, as the last on its connection.
            self._last = True
            self.on_message_complete()
        except httptools.HttpParserError as error:
            self._refuse(self._refusal or _fault(error))
            return
        if self._silent > MAX_HEADERS:
            self._refuse(_too_large("headers", MAX_HEADERS))
            return
        self._go_on()

    def eof_received(self) -> bool:
        """Keep the connection until all complete requests are answered."""
        self._half_closed = self._last = True
        return self._current is not None or self._more()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Drop everything except the request being answered: it may be on its way to SLS."""
        for incoming in self._waiting:
            if incoming.request is not None:
                self._application.gone(incoming, "the client has gone")
        self._let_go()
        self._connections.discard(self)
        self._parser = None  # which refers to this

    def pause_writing(self) -> None:
        """Answer no more requests while the client does not read its answers."""
        self._writable = False

    def resume_writing(self) -> None:
        """Answer again."""
        self._writable = True
        self._go_on()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Start a head."""
        self._in_head = True
        self._messages += 1
        self._target, self._headers = b"", []
        self._headers_size = self._silent = 0

    def on_url(self, url: bytes) -> None:
        """Add a part of the target, up to its limit."""
        self._silent = 0
        self._target += url
        if len(self._target) > MAX_TARGET:
            self._stop_parsing(_too_large("target", MAX_TARGET))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header or a trailer, up to their common limit."""
        self._silent = 0
        self._headers_size += len(name) + len(value) + 4
        if self._headers_size > MAX_HEADERS:
            self._stop_parsing(_too_large("headers", MAX_HEADERS))
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Queue the request."""
        parser = self._parser
        path, query = split_target(self._target)
        self._in_head = False
        incoming = self._application.incoming(
            parser.get_method().decode("ascii"),
            path,
            query,
            self._headers,
            self._client,
            keep_alive=parser.should_keep_alive() and parser.get_http_version() != "1.0",
        )
        self._headers = []  # trailers are counted, but not used
        if not self._last:
            self._arriving = incoming
            self._waiting.append(incoming)

    def on_body(self, body: bytes) -> None:
        """Add a part of the body."""
        self._silent = 0
        if self._arriving is not None:
            self._arriving.add(body)

    def on_message_complete(self) -> None:
        """Mark the request as complete."""
        self._silent = 0
        if self._arriving is not None:
            self._arriving.complete = True
            self._arriving = None

    # Answering.

    def _go_on(self) -> None:
        """Answer the next request if possible, and set a timer for an incomplete one."""
        if self._ended:
            return
        free = self._current is None and self._writable
        if free and self._waiting:
            self._answer_next()
        first = self._waiting[0] if self._waiting else None
        # While a complete request waits, nothing is read; an incomplete one needs reading.
        self._read_on(first is None or (first is self._arriving and self._current is None and self._writable))
        if self._in_head or self._arriving is not None:
            self._watch()
        elif self._timer is not None:
            self._stop_timer()

    def _answer_next(self) -> None:
        incoming = self._waiting[0]
        known = incoming.request is not None
        answer = self._application.take(incoming)
        if answer is None:
            if not known and incoming.expects_continue():
                self._transport.write(_CONTINUE)
            return
        self._waiting.popleft()
        self._current = incoming
        if isinstance(answer, Response):
            self._answered(incoming, answer)
        else:
            # Without `eager_start` (CPython 3.12), which costs more than it saves (measured).
            self._tasks.add(self._loop.create_task(self._answer(incoming, answer)))

    async def _answer(self, incoming: Incoming, answering: Answering) -> None:
        response = await answering
        self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        self._answered(incoming, response)

    def _answered(self, incoming: Incoming, response: Response, *, close: bool = False) -> None:
        """Write an answer, and continue with the next request."""
        incoming.over = True
        incoming.drop()
        self._current = None
        if self._ended:
            return
        close = close or not incoming.keep_alive or (self._last and not self._more())
        try:
            answer = written(response, close=close, with_body=incoming.method != "HEAD")
        except Exception as error:  # noqa: BLE001 - a bug must not leave its client without an answer
            answer, close = written(failure(unexpected(error), ""), close=True), True
        self._transport.write(answer)
        if close:
            self._end()
        elif self._waiting or self._arriving is not None:
            self._loop.call_soon(self._go_on)  # other connections are served in between

    def _more(self) -> bool:
        """Whether another request will be answered."""
        return bool(self._waiting) and (self._waiting[0].complete or not self._half_closed)

    def _refuse(self, error: ApiError) -> None:
        """Answer the earlier complete requests, or else with the error; then close the connection."""
        self._last = True
        if self._waiting and self._waiting[-1] is self._arriving:
            self._waiting.pop().drop()
        self._arriving, self._in_head = None, False
        if self._current is not None or self._waiting:
            self._go_on()
            return
        self._transport.write(written(failure(error, ""), close=True))
        self._end()

    def _stop_parsing(self, error: ApiError) -> None:
        self._refusal = error
        raise _Refused

    def _read_on(self, more: bool) -> None:
        if more is self._reading:
            return
        self._reading = more
        if more:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _end(self) -> None:
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        self._ended = self._last = True
        self._stop_timer()
        for incoming in self._waiting:
            incoming.over = True
            incoming.drop()
        self._waiting.clear()
        self._arriving = None

    # Timers for incomplete requests.

    def _watch(self) -> None:
        """Set a timer for the incomplete part: a head, a body, or the rest of an answered request."""
        arriving = self._arriving
        if arriving is not None and arriving.over:
            arriving = None  # the rest of it is only discarded
        if arriving is not None and not (self._waiting and self._waiting[0] is arriving and self._reading):
            self._stop_timer()  # it waits for its turn, or is being answered
        elif self._timer_of != (self._messages, arriving):
            self._stop_timer()
            self._timer_of = self._messages, arriving
            if arriving is not None and arriving.request is not None:
                self._look_after(arriving, Pace(arriving.size, arriving.request.deadline))
            else:
                self._timer = self._loop.call_later(UNFINISHED, self._too_late)

    def _look_after(self, incoming: Incoming, pace: Pace) -> None:
        self._timer = self._loop.call_later(pace.next_look(), self._look, incoming, pace)

    def _look(self, incoming: Incoming, pace: Pace) -> None:
        if not pace.too_slow(incoming.size):
            self._look_after(incoming, pace)
            return
        # The rest of the body may never end, so the connection is closed.
        self._waiting.popleft()
        late = self._application.gone(incoming, "the body did not arrive in time")
        self._answered(incoming, late, close=True)

    def _too_late(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(ApiError(POST_BODY_INVALID, "the request did not arrive in time"))
        else:
            self._end()

    def _stop_timer(self) -> None:
        self._timer_of = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _fault(error: httptools.HttpParserError) -> ApiError:
    """Return the error: of the request, or of a callback here that failed."""
    cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
    if isinstance(cause, Exception) and not isinstance(cause, ValueError):
        return unexpected(cause)
    return ApiError(POST_BODY_INVALID, "the request is not HTTP/1.1")


def _too_large(what: str, limit: int) -> ApiError:
    return ApiError(PARAMETER_TOO_LARGE, f"the request's {what} have more than {limit} bytes")
