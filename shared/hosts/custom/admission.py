"""Limits on what one instance takes at once: a number of requests, and bytes of bodies.

Past either, a request is refused at once with 503 and `Retry-After`. A queue would only answer requests whose
clients have already given up, and would grow until the instance runs out of memory.

A request counts when its body is complete: a client that sends slowly takes no place from others. Bytes count
as they arrive, whatever was announced, until the request is answered.
"""

from __future__ import annotations

import asyncio

MAX_HELD = 96 * 1024 * 1024  # bytes of bodies, over all requests
SMALL = 64 * 1024  # bytes; a body no larger may use the reserve
# Bytes beside MAX_HELD for small bodies, so that a few clients that send large ones do not lock out the rest.
RESERVE = 16 * 1024 * 1024


class Admission:
    """Counts what is in flight; for one event loop."""

    def __init__(self, requests: int, held: int = MAX_HELD, reserve: int = RESERVE) -> None:
        """Take `requests` at once, with bodies of `held` bytes in all, and `reserve` more of small ones."""
        self._requests, self._held, self._reserve = requests, held, reserve
        self.in_flight = 0
        self.bytes = 0
        self._leaving: set[asyncio.Future[None]] = set()

    @property
    def full(self) -> bool:
        """Whether there is no room for one more request."""
        return self.in_flight >= self._requests

    def enter(self) -> bool:
        """Whether there is room for one more request; if so it must `leave`."""
        if self.full:
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """Give back what `enter` took."""
        self.in_flight -= 1
        for waiting in self._leaving:
            if not waiting.done():
                waiting.set_result(None)

    def grow(self, more: int, size: int) -> bool:
        """Whether there is room for `more` bytes of a body, which has `size` with them; if so, take it."""
        limit = self._held if size > SMALL else self._held + self._reserve
        if self.bytes + more > limit:
            return False
        self.bytes += more
        return True

    def shrink(self, size: int) -> None:
        """Give back bytes that `grow` took."""
        self.bytes -= size

    async def drained(self, seconds: float) -> bool:
        """Wait until nothing is in flight; False where `seconds` were not enough."""
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
