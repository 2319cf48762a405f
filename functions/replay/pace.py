"""How many requests are under way at once: more while all goes well, half as many after each setback.

Additive increase and multiplicative decrease, TCP's rule for a path whose width nobody tells (RFC 5681): SLS
does not say how much a shard still takes either, only that it was too much (403 WriteQuotaExceed).
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
)  # seconds after each setback in a row, varied by half; one more is too many
START = 8  # requests at once


class TooMany(Exception):
    """Setbacks in a row, with no success between them; the text is the last one's reason."""


class Pace:
    """Lets requests begin, in the order in which they ask; for one event loop."""

    def __init__(self, most: int, remaining: Callable[[], float]) -> None:
        """`most` requests at once; `remaining` tells the seconds left, which no pause may outlast."""
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
        """How many requests may be under way now."""
        return int(self._window)

    async def begin(self) -> float:
        """Wait until a request may begin, and return when that is, for `set_back`."""
        if self._waiters or not self._free():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        else:
            self._under_way += 1
        return asyncio.get_running_loop().time()

    def end(self) -> None:
        """Say that a request has ended, whatever came of it."""
        self._under_way -= 1
        self._wake()

    def went_well(self) -> None:
        """Say that a request was answered as it should be."""
        self._row = 0
        self._window = min(self._window + (1 if self._growing else 1 / self._window), self._most)
        self._wake()

    def set_back(self, began: float, reason: str) -> bool:
        """Say that the request that began then met a fault that may pass; raises TooMany.

        False for one that had begun before the last setback: both tell of the same moment.
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
