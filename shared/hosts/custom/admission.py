"""How many requests one instance takes at once: so many, and so many bytes of bodies, and not one more.

Past either, a request is refused at once and told to come back. A queue would only answer later what its
sender has given up by then, and would grow until the instance dies with all that it holds.
"""

from __future__ import annotations

import asyncio

MAX_HELD = 64 * 1024 * 1024  # bytes of bodies, over all requests in flight


class Admission:
    """Counts what is in flight; for one event loop."""

    def __init__(self, requests: int, held: int = MAX_HELD) -> None:
        """Take `requests` at once, with bodies of `held` bytes in all."""
        self._requests, self._held = requests, held
        self.in_flight = 0
        self._bytes = 0
        self._leaving: set[asyncio.Future[None]] = set()

    def enter(self, size: int) -> bool:
        """Whether there is room for one more with a body of `size` bytes; if so it must `leave`."""
        if self.in_flight >= self._requests or self._bytes + size > self._held:
            return False
        self.in_flight += 1
        self._bytes += size
        return True

    def leave(self, size: int) -> None:
        """Give back what `enter` took."""
        self.in_flight -= 1
        self._bytes -= size
        for waiting in self._leaving:
            if not waiting.done():
                waiting.set_result(None)

    async def drained(self, seconds: float, *, but: int = 0) -> bool:
        """Wait until no more than `but` are in flight; False where `seconds` were not enough."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.in_flight > but:
            left = end - loop.time()
            if left <= 0:
                return False
            changed = loop.create_future()
            self._leaving.add(changed)
            await asyncio.wait([changed], timeout=left)
            self._leaving.discard(changed)
        return True
