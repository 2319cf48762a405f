"""Reading a request's body: of one that is too large, no more is kept than its size."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from shared.deadline import Deadline
from shared.hosts.custom.asgi import Receive, Scope

_LONGEST = 10  # digits of a length that is believed


class Gone(Exception):
    """The client has gone, or has not sent its body in time."""


class Body(NamedTuple):
    """A body; `size` is how many bytes it came with, `kept` has them all or, past the limit, none."""

    kept: bytes
    size: int


def announced(scope: Scope, limit: int) -> int:
    """Return how many bytes of memory a request's body may take, at most `limit`, judging by its headers."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    if b"transfer-encoding" in headers:
        return limit
    length = headers.get(b"content-length", b"0")
    return min(int(length), limit) if length.isdigit() and len(length) <= _LONGEST else limit


async def read_body(receive: Receive, limit: int, deadline: Deadline) -> Body:
    """Read to the end, dropping everything once it exceeds `limit` bytes. Raises Gone."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that awaits runs in a task
    timer = asyncio.get_running_loop().call_later(max(deadline.remaining(), 0), task.cancel)
    try:
        return await _read(receive, limit)
    except asyncio.CancelledError:
        if deadline.remaining() > 0:  # the server is being stopped
            raise
        raise Gone("the body did not arrive in time") from None
    finally:
        timer.cancel()


async def _read(receive: Receive, limit: int) -> Body:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone("the client has gone")
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            pieces.clear()
        else:
            pieces.append(piece)
        if not message.get("more_body", False):
            return Body(b"".join(pieces) if len(pieces) != 1 else pieces[0], size)
