"""Limits concurrent requests: the limit grows with success, and is halved after each setback.

Additive increase and multiplicative decrease, as in TCP for a path of unknown capacity (RFC 5681): SLS only
reports that a shard's limit is exceeded (403 WriteQuotaExceed), not how much it still accepts.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable

PAUSES = (
    0.2,
    0.6,
    1.8,
    5.0,
    15.0,
)  # seconds after each consecutive setback, ± 50 % at random; one more setback ends the run
START = 8  # requests at once


class TooMany(Exception):
    """Too many consecutive setbacks without a success; the text is the last reason."""


class Pace:
    """Admits requests, first come, first served. Use it in one event loop only."""

    def __init__(self, most: int, remaining: Callable[[], float]) -> None:
        """`most` is the maximum of concurrent requests; `remaining` the seconds left."""
        self._most = most
        self._remaining = remaining
        self._window = float(min(START, most))
        self._growing = True  # by one for each success, until the first setback
        self._under_way = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._row = 0  # setbacks since the last success
        self._last = 0.0  # when the last setback was
        self._paused = False
        self.setbacks = 0

    @property
    def at_once(self) -> int:
        """Return the current limit of concurrent requests."""
        return int(self._window)

    async def begin(self) -> float:
        """Wait until a request may begin, and return the time, for `set_back`."""
        if self._waiters or not self._free():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        else:
            self._under_way += 1
        return asyncio.get_running_loop().time()

    def end(self) -> None:
        """Report that a request has ended, with any result."""
        self._under_way -= 1
        self._wake()

    def went_well(self) -> None:
        """Report that a request succeeded."""
        self._row = 0
        self._window = min(self._window + (1 if self._growing else 1 / self._window), self._most)
        self._wake()

    def set_back(self, began: float, reason: str) -> bool:
        """Report a temporary error of the request that began at `began`. Raises TooMany.

        False for a request that began before the last setback: both report the same problem.
        """
        if began <= self._last:
            return False
        if self._row == len(PAUSES):
            raise TooMany(reason)
        pause = PAUSES[self._row] * random.uniform(0.5, 1.5)
        if pause > self._remaining():
            raise TooMany(reason)
        loop = asyncio.get_running_loop()
        self._row += 1
        self.setbacks += 1
        self._growing = False
        self._window = max(self._window / 2, 1)
        self._last, self._paused = loop.time(), True
        loop.call_later(pause, self._resume)
        return True

    def _resume(self) -> None:
        self._paused = False
        self._wake()

    def _free(self) -> bool:
        return self._under_way < self.at_once and not self._paused

    def _wake(self) -> None:
        while self._waiters and self._free():
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._under_way += 1
                waiter.set_result(None)
