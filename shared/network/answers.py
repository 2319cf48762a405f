"""Reading one HTTP/1.1 answer off a connection.

`http.client` bounds each read and not the whole, so a peer that sends a byte now and then would hold a
request past its deadline; and it brings the email package into every cold start (`python -m
benchmarks cold_start`). What SLS and STS send is a small, plain part of RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

MAX_HEAD = 64 * 1024  # bytes of status line and headers, and of one chunk-size line
MAX_BODY = 1024 * 1024  # bytes; SLS and STS answer a few hundred

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")
_LONGEST_LENGTH = 10  # digits
_CHUNK_SIZE = rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?"  # compiled by the first answer that has chunks


Receive = Callable[[], Awaitable[bytes]]


class BadAnswer(Exception):
    """What came is malformed, too large or cut off."""


class Answer(NamedTuple):
    """An answer read to its end. Header names are in lower case, repeated ones joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool = False  # whether the connection can carry another request


async def read_answer(receive: Receive) -> Answer:
    """Read one final answer; `receive` returns the next bytes, b"" at the end, and may raise OSError.

    Interim (1xx) answers are passed over. Raises BadAnswer.
    """
    incoming = _Incoming(receive)
    while True:
        version, status, headers = await _read_head(incoming)
        if status >= 200:
            break
    body, delimited = await _read_body(incoming, status, headers)
    closing = "close" in headers.get("connection", "").lower()
    reusable = delimited and version == 1 and not closing and not incoming.pending
    return Answer(status, headers, body, reusable)


class _Incoming:
    """The bytes received and not yet taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.pending = bytearray()

    async def more(self) -> bool:
        """Wait for more bytes; False at the end of the stream."""
        data = await self._receive()
        self.pending += data
        return bool(data)

    async def head(self) -> list[bytes] | None:
        """Take all lines of a head that has come whole, as nearly every one does; None for another."""
        if not self.pending and not await self.more():
            raise BadAnswer("the connection closed before the answer's end")
        end = self.pending.find(b"\r\n\r\n")
        if not 0 <= end <= MAX_HEAD or self.pending.count(b"\n", 0, end) != self.pending.count(
            b"\r\n", 0, end
        ):
            return None
        return (await self.take(end + 4))[:-4].split(b"\r\n")

    async def line(self) -> bytes:
        """Take one line, without its end (CRLF, or the bare LF that RFC 9112, 2.2 lets a reader accept)."""
        searched = 0
        while (end := self.pending.find(b"\n", searched)) < 0 and len(self.pending) <= MAX_HEAD:
            searched = len(self.pending)
            if not await self.more():
                raise BadAnswer("the connection closed before the answer's end")
        if not 0 <= end <= MAX_HEAD:
            raise BadAnswer("a line of the answer is too long")
        # One CR and no more: a line of two is not the empty one that ends the headers.
        return (await self.take(end + 1))[:-1].removesuffix(b"\r")

    async def take(self, count: int) -> bytes:
        """Take exactly `count` bytes."""
        while len(self.pending) < count:
            if not await self.more():
                raise BadAnswer("the connection closed before the answer's end")
        taken = bytes(self.pending[:count])
        del self.pending[:count]
        return taken

    async def rest(self, limit: int) -> bytes:
        """Take everything up to the end of the stream, at most `limit` bytes."""
        while len(self.pending) <= limit:
            if not await self.more():
                return await self.take(len(self.pending))
        raise BadAnswer("the answer is too large")


async def _read_head(incoming: _Incoming) -> tuple[int, int, dict[str, str]]:
    whole = await incoming.head()
    match = _STATUS_LINE.fullmatch(whole[0] if whole else await incoming.line())
    if match is None:
        raise BadAnswer("what came is not HTTP/1.1")
    headers: dict[str, str] = {}
    if whole:
        for line in whole[1:]:
            _add_header(headers, line)
    else:
        await _read_headers(incoming, headers)
    return int(match[1]), int(match[2]), headers


async def _read_headers(incoming: _Incoming, headers: dict[str, str]) -> None:
    """Read headers line by line, so that what is wrong ends it as soon as it has come."""
    size = 0
    while line := await incoming.line():
        size += len(line)
        if size > MAX_HEAD:
            raise BadAnswer("the answer's headers are too large")
        _add_header(headers, line)


def _add_header(headers: dict[str, str], line: bytes) -> None:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise BadAnswer("the answer's headers are malformed")
    name, value = header[1].decode("ascii").lower(), header[2].strip(b" \t").decode("latin-1")
    headers[name] = f"{headers[name]}, {value}" if name in headers else value


async def _read_body(incoming: _Incoming, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return the body and whether its end was marked other than by closing (RFC 9112, 6.3)."""
    if status in (204, 304):
        return b"", True
    coding = headers.get("transfer-encoding")
    if coding is not None:
        # A second coding, or both ways of telling the length, is how answers are smuggled.
        if coding.lower() != "chunked" or "content-length" in headers:
            raise BadAnswer("the answer's length is ambiguous")
        return await _read_chunks(incoming), True
    length = headers.get("content-length")
    if length is None:
        return await incoming.rest(MAX_BODY), False
    if not _is_length(length) or int(length) > MAX_BODY:
        raise BadAnswer("the answer's length is malformed or too large")
    return await incoming.take(int(length)), True


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_LENGTH


async def _read_chunks(incoming: _Incoming) -> bytes:
    body = bytearray()
    while True:
        size_line = re.fullmatch(_CHUNK_SIZE, await incoming.line())
        if size_line is None:
            raise BadAnswer("a chunk of the answer is malformed")
        size = int(size_line[1], 16)
        if len(body) + size > MAX_BODY:
            raise BadAnswer("the answer is too large")
        if size == 0:
            break
        body += await incoming.take(size)
        # No bare LF here: readers who disagree on a chunk's end disagree on the next one's size.
        if await incoming.take(2) != b"\r\n":
            raise BadAnswer("a chunk of the answer is malformed")
    trailers = 0
    while line := await incoming.line():
        trailers += len(line)
        if trailers > MAX_HEAD:
            raise BadAnswer("the answer's trailers are too large")
    return bytes(body)
