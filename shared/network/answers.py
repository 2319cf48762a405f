"""Reading one HTTP/1.1 answer off a connection.

`http.client` limits the time of each read, not of the whole answer, so a peer that sends single bytes slowly
could delay a request past its deadline. It also imports the email package, which lengthens a cold start
(`python -m benchmarks cold_start`). SLS and STS use only a small part of RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache

import msgspec

MAX_HEAD = 64 * 1024  # bytes of the status line and headers, of a chunk-size line, and of all trailers
MAX_BODY = 1024 * 1024  # bytes; SLS and STS answer a few hundred

NOT_HTTP = "what came is not HTTP/1.1"
_CUT_OFF = "the connection closed before the answer's end"
_MALFORMED = "the answer's headers are malformed"

_START = b"HTTP/1."
_OK = b"HTTP/1.1 200 OK\r\n"
# The characters of a header's name (RFC 9110, 5.6.2). Heads are parsed without regular expressions: compiling
# two of them would take as long as importing the rest of this module.
TOKEN = b"!#$%&'*+.^_`|~-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_LENGTH = 10  # digits
_LONGEST_NAME = 64  # bytes of a header's name that is remembered
_CHUNK_SIZE = rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?"  # compiled when the first chunked answer arrives


Receive = Callable[[], Awaitable[bytes]]
"""Returns the next bytes, b"" at the end. May raise OSError."""


class BadAnswer(Exception):
    """The answer is malformed, too large or incomplete."""


class Answer(msgspec.Struct, frozen=True):
    """A complete answer. Header names are in lower case; repeated headers are joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool = False  # whether the connection can carry another request


class Incoming(msgspec.Struct):
    """Received bytes that are not processed yet. Each method raises BadAnswer at the end of the stream."""

    receive: Receive
    pending: bytearray

    async def more(self) -> None:
        """Wait for more bytes."""
        data = await self.receive()
        if not data:
            raise BadAnswer(_CUT_OFF)
        self.pending += data

    async def take(self, count: int) -> bytes:
        """Take exactly `count` bytes."""
        while len(self.pending) < count:
            await self.more()
        taken = bytes(self.pending[:count])
        del self.pending[:count]
        return taken

    async def until(self, end: bytes) -> bytes:
        """Take everything before `end`, at most MAX_HEAD bytes, and remove `end`."""
        searched = 0
        while (found := self.pending.find(end, searched)) < 0 and len(self.pending) < MAX_HEAD + len(end):
            searched = max(len(self.pending) - len(end) + 1, 0)
            await self.more()
        if not 0 <= found <= MAX_HEAD:
            raise BadAnswer("a line or the head of the answer is too long")
        taken = bytes(self.pending[:found])
        del self.pending[: found + len(end)]
        return taken

    async def rest(self, limit: int) -> bytes:
        """Take everything up to the end of the stream, at most `limit` bytes."""
        while len(self.pending) <= limit:
            data = await self.receive()
            if not data:
                return bytes(self.pending)
            self.pending += data
        raise BadAnswer("the answer is too large")


async def read_answer(first: bytes, receive: Receive) -> Answer:
    """Read one final answer, skipping interim (1xx) ones; `first` is what was received so far.

    Raises BadAnswer, and what `receive` raises.

    Lines must end in CRLF. SLS, STS and OSS send nothing else, and if two parsers disagree on the end of a
    line, they disagree on the end of an answer.
    """
    if not first:
        raise BadAnswer(_CUT_OFF)
    return _at_once(first) or await _in_pieces(Incoming(receive, bytearray(first)))


def _at_once(data: bytes) -> Answer | None:
    """Return a 200 that was received completely, as nearly always; None for any other answer."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not (end and data.startswith(_OK)) or len(data) > MAX_HEAD:
        return None
    headers = _read_headers(head[len(_OK) :])
    if headers.get("content-length") != str(len(body)) or "transfer-encoding" in headers:
        return None
    return Answer(200, headers, body, _stays_open(headers))


async def _in_pieces(incoming: Incoming) -> Answer:
    status = 0
    while status < 200:
        if not incoming.pending:
            await incoming.more()
        # Checked early, so that nobody waits for the end of its head.
        if not _START.startswith(incoming.pending[: len(_START)]):
            raise BadAnswer(NOT_HTTP)
        first, _, fields = (await incoming.until(b"\r\n\r\n")).partition(b"\r\n")
        status, headers = _read_status(first), _read_headers(fields)
    body, delimited = await _read_body(incoming, status, headers)
    reusable = delimited and first[7:8] != b"0" and _stays_open(headers) and not incoming.pending
    return Answer(status, headers, body, reusable)


def _stays_open(headers: Mapping[str, str]) -> bool:
    return "close" not in headers.get("connection", "").lower()


def _read_status(line: bytes) -> int:
    version, digits, reason = line[:9], line[9:12], line[12:]
    sound = version in (b"HTTP/1.1 ", b"HTTP/1.0 ") and digits.isdigit() and b"100" <= digits < b"600"
    if not sound or len(digits) < 3 or reason[:1] not in (b"", b" ") or b"\r" in reason or b"\n" in reason:
        raise BadAnswer(NOT_HTTP)
    return int(digits)


def _read_headers(fields: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    lines = fields.decode("latin-1").split("\r\n") if fields else []
    if len(fields) - len(fields.translate(None, b"\0\r\n")) > 2 * max(len(lines) - 1, 0):  # what parts them
        raise BadAnswer(_MALFORMED)
    for line in lines:
        token, colon, content = line.partition(":")
        name = _remembered(token) if len(token) <= _LONGEST_NAME else _name(token)
        if not (name and colon):
            raise BadAnswer(_MALFORMED)
        value = content.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _name(token: str) -> str:
    """Return a header's name in lower case, "" if it is invalid."""
    return "" if token.encode("latin-1").translate(None, TOKEN) else token.lower()


_remembered = lru_cache(maxsize=64)(_name)  # each answer has the same few names


async def _read_body(incoming: Incoming, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return the body, and whether its length was given rather than ended by closing (RFC 9112, 6.3)."""
    if status in (204, 304):
        return b"", True
    coding = headers.get("transfer-encoding")
    if coding is not None:
        # A second coding, or both kinds of length, allows response smuggling.
        if coding.lower() != "chunked" or "content-length" in headers:
            raise BadAnswer("the answer's length is ambiguous")
        return await _read_chunks(incoming), True
    length = headers.get("content-length")
    if length is None:
        return await incoming.rest(MAX_BODY), False
    plain = length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH
    if not plain or int(length) > MAX_BODY:
        raise BadAnswer("the answer's length is malformed or too large")
    return await incoming.take(int(length)), True


async def _read_chunks(incoming: Incoming) -> bytes:
    body = bytearray()
    while True:
        size_line = re.fullmatch(_CHUNK_SIZE, await incoming.until(b"\r\n"))
        if size_line is None:
            raise BadAnswer("a chunk of the answer is malformed")
        size = int(size_line[1], 16)
        if len(body) + size > MAX_BODY:
            raise BadAnswer("the answer is too large")
        if size == 0:
            break
        body += await incoming.take(size)
        if await incoming.take(2) != b"\r\n":
            raise BadAnswer("a chunk of the answer is malformed")
    trailers = 0
    while line := await incoming.until(b"\r\n"):
        trailers += len(line)
        if trailers > MAX_HEAD:
            raise BadAnswer("the answer's trailers are too large")
    return bytes(body)
