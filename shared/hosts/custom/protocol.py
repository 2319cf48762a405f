"""One connection of a client: uvicorn's HTTP/1.1 over httptools, with the bounds that it leaves to others.

httptools takes heads of any length for any time, and uvicorn answers what it refuses by itself in its own
words. Here a head has a size and a time, what is refused has the shape and the headers of every other answer,
and a client that closes its side once its request is complete still gets its answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.hosts.custom.answer import written
from shared.http.errors import PARAMETER_TOO_LARGE, POST_BODY_INVALID, ApiError
from shared.http.service import failure

# Function Compute stops at 8 KB of headers and 4 KB of path and query. Here a GET's pairs pass up to the
# 16 KB that functions/track/limits.py allows.
MAX_HEADERS = 16 * 1024  # bytes of names and values, trailers included, with 4 for each pair
MAX_TARGET = 20 * 1024  # bytes of path and query
# Seconds for a head from its first byte on, and for the rest of a request whose answer is already given.
UNFINISHED = 10.0


class _Refused(Exception):
    """The head is too large. Raised inside the parser, which passes it on as an error of its own."""


class HttpProtocol(HttpToolsProtocol):
    """Serves one connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._headers_size = self._target_size = 0
        self._silent = 0  # bytes in a row that the parser has made nothing of yet
        self._progress = False
        self._refusal: ApiError | None = None
        self._half_closed = False
        self._message = False  # whether a request has begun and not come to its end
        self._head = False  # whether that is still in its head
        self._timer: asyncio.TimerHandle | None = None

    # The transport's side.

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and see whether anything came of it."""
        self._progress = False
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(self._refusal or ApiError(POST_BODY_INVALID, "the request is not HTTP/1.1"))
        except httptools.HttpParserUpgrade:
            # A request that asks for another protocol is answered in this one, as the last on its connection.
            self.cycle.keep_alive = False
        self._silent = 0 if self._progress else self._silent + len(data)
        if self._silent > MAX_HEADERS and not self.transport.is_closing():
            self._refuse(_too_large("headers", MAX_HEADERS))
        self._watch()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection until what was asked for in full is answered."""
        self._half_closed = True
        if self._message or self.cycle is None or self.cycle.response_complete:
            return None  # closes it
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._stop_timer()
        super().connection_lost(exc)

    # The parser's side.

    def on_message_begin(self) -> None:
        """Begin with a head."""
        self._message = self._head = self._progress = True
        self._headers_size = self._target_size = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the target, up to its limit."""
        self._progress = True
        self._target_size += len(url)
        if self._target_size > MAX_TARGET:
            self._stop_parsing(_too_large("target", MAX_TARGET))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, up to the limit of all of them."""
        self._progress = True
        self._headers_size += len(name) + len(value) + 4
        if self._headers_size > MAX_HEADERS:
            self._stop_parsing(_too_large("headers", MAX_HEADERS))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        self._head = False
        self._progress = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that all of the request is there."""
        self._message = False
        self._progress = True
        super().on_message_complete()

    # The answers' side.

    def on_response_complete(self) -> None:
        """Go on with the next request, or end where there can be none."""
        super().on_response_complete()
        if self._half_closed and self.cycle.response_complete:
            self.transport.close()
        self._watch()

    def _refuse(self, error: ApiError) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.cycle.more_body:
            # The request before this one was complete: it has its answer, and then the connection ends.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        self.transport.write(written(failure(error, "")))
        self.transport.close()

    def _stop_parsing(self, error: ApiError) -> None:
        self._refusal = error
        raise _Refused

    # What is left unfinished.

    def _watch(self) -> None:
        """Have a timer for as long as a head is incomplete, or the rest of a request that has its answer."""
        answered = self.cycle is None or self.cycle.response_complete
        if not (self._message and (self._head or answered)) or self.transport.is_closing():
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(UNFINISHED, self._too_late)

    def _too_late(self) -> None:
        self._timer = None
        if self._head:
            self._refuse(ApiError(POST_BODY_INVALID, "the request did not arrive in time"))
        else:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _too_large(what: str, limit: int) -> ApiError:
    return ApiError(PARAMETER_TOO_LARGE, f"the request's {what} have more than {limit} bytes")
