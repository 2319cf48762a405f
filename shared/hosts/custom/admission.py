"""Limits of one instance: the number of concurrent requests, and the bytes of their bodies.

Above either limit, a request is refused at once with 503 and `Retry-After`. A queue would only answer
requests whose clients have already given up, and would grow until the instance runs out of memory.

A request counts once its body is complete, so a slow client takes no place from others. Bytes count when they
arrive, not when they are announced, until the request is answered.
"""

from __future__ import annotations

import asyncio

MAX_HELD = 96 * 1024 * 1024  # bytes of bodies, over all requests
SMALL = 64 * 1024  # bytes; a body up to this size may use the reserve
# Additional bytes for small bodies, so that a few clients with large bodies do not lock out the others.
RESERVE = 16 * 1024 * 1024


class Admission:
    """Counts requests and bytes in flight. Used in one event loop only."""

    def __init__(self, requests: int, held: int = MAX_HELD, reserve: int = RESERVE) -> None:
        """Limit the number of requests, the bytes of all bodies, and the extra bytes for small ones."""
        self._requests, self._held, self._reserve = requests, held, reserve
        self.in_flight = 0
        self.bytes = 0
        self._leaving: set[asyncio.Future[None]] = set()

    @property
    def full(self) -> bool:
        """Whether there is no room for one more request."""
        return self.in_flight >= self._requests

    def enter(self) -> bool:
        """Whether there is room for one more request. If so, it is counted, and must `leave`."""
        if self.full:
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """End the request that `enter` counted."""
        self.in_flight -= 1
        for waiting in self._leaving:
            if not waiting.done():
                waiting.set_result(None)

    def grow(self, more: int, size: int) -> bool:
        """Whether there is room for `more` bytes of a body that then has `size`. If so, they are counted."""
        limit = self._held if size > SMALL else self._held + self._reserve
        if self.bytes + more > limit:
            return False
        self.bytes += more
        return True

    def shrink(self, size: int) -> None:
        """Release bytes that `grow` counted."""
        self.bytes -= size

    async def drained(self, seconds: float) -> bool:
        """Wait until no request is in flight; returns False if that takes longer than `seconds`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.in_flight:
            left = end - loop.time()
            if left <= 0:
                return False
            changed = loop.create_future()
            self._leaving.add(changed)
            await asyncio.wait([changed], timeout=left)
            self._leaving.discard(changed)
        return True
