"""Reading a request's body: of one that is too large, no more is kept than its size."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from shared.deadline import Deadline
from shared.hosts.custom.admission import Share
from shared.hosts.custom.asgi import Receive

# A body has to bring RATE bytes a second, looked at every WINDOW seconds; so has its first byte to come.
# Function Compute sends what it has received, over its own network; a phone on a poor line sends faster too.
WINDOW = 4.0  # seconds
RATE = 1024  # bytes a second


class Gone(Exception):
    """The client has gone, or has not sent its body in time."""


class Dawdled(Gone):
    """The client has not sent its body in time."""


class Body(NamedTuple):
    """A body; `size` is how many bytes it came with, `kept` has them all or, past the limit, none."""

    kept: bytes
    size: int


async def read_body(receive: Receive, limit: int, deadline: Deadline, share: Share) -> Body:
    """Read to the end, dropping everything once it exceeds `limit` bytes.

    Raises Gone, or Dawdled at the deadline and for a body that comes too slowly; Full where `share` has no
    room for what arrives.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that awaits runs in a task
    body = bytearray()
    watch = _Watch(task, deadline)
    try:
        return await _read(receive, limit, share, body, watch)
    except asyncio.CancelledError:
        if not watch.fired:  # the server is being stopped
            raise
        if hasattr(task, "uncancel"):  # Python 3.11 counts
            task.uncancel()
        raise Dawdled("the body did not arrive in time") from None
    finally:
        watch.stop()


class _Watch:
    """Looks at intervals how much has come, and cancels the task that reads where that is too little.

    Whether it has is a fact that it keeps: a timer may fire before the clock says that its time has come.
    """

    def __init__(self, task: asyncio.Task[object], deadline: Deadline) -> None:
        self.fired = False
        self.size = 0
        self._seen = 0
        self._task = task
        self._deadline = deadline
        self._arm()

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _arm(self) -> None:
        left = max(self._deadline.remaining(), 0)
        self._last = left <= WINDOW
        self._timer = asyncio.get_running_loop().call_later(min(left, WINDOW), self._look)

    def _look(self) -> None:
        if self._last or self.size - self._seen < WINDOW * RATE:
            self.fired = True
            self._task.cancel()
        else:
            self._seen = self.size
            self._arm()


async def _read(receive: Receive, limit: int, share: Share, body: bytearray, watch: _Watch) -> Body:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone("the client has gone")
        piece: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        watch.size += len(piece)
        if watch.size > limit:
            body.clear()
            share.drop()
        else:
            share.grow(len(piece))
            if not more and not body:
                return Body(piece, watch.size)  # as nearly every one comes, in one piece
            body += piece
        if not more:
            return Body(bytes(body), watch.size)
