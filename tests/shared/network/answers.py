"""Answers as bytes, and reading them in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from shared.network.answers import Answer, Receive, read_answer
from shared.network.blocking import run


def feed(pieces: Iterable[bytes]) -> Receive:
    """Return a `receive` that yields the pieces, then the end of the stream."""
    remaining = iter([piece for piece in pieces if piece])

    async def receive() -> bytes:
        return next(remaining, b"")

    return receive


async def read_from(receive: Receive) -> Answer:
    return await read_answer(await receive(), receive)


def read(*pieces: bytes) -> Answer:
    return run(read_from(feed(pieces)))


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def with_length(body: bytes, *headers: str) -> bytes:
    return head("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers) + body


def in_chunks(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    coded = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + coded + end
