"""The ends of many waits, watched by one timer: to set one for each wait costs more than the wait.

A wait for SLS hardly ever lasts until its end. So the ends are looked at every TICK seconds while there are
any, and a wait may last so much longer than it was given. A short one, for which that matters, has a timer of
its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

TICK = 0.05  # seconds
SHORT = 1.0  # seconds of a wait that has a timer of its own

TooLate = Callable[[], None]


class Timeouts:
    """The waits of one event loop."""

    def __init__(self) -> None:
        self._ends: dict[TooLate, float | asyncio.TimerHandle] = {}
        self._ticking = False

    def set(self, too_late: TooLate, seconds: float) -> None:
        """Have `too_late` called once so many seconds have passed, unless it is cleared before."""
        if seconds < SHORT:
            self._ends[too_late] = asyncio.get_running_loop().call_later(seconds, self._ring, too_late)
            return
        self._ends[too_late] = time.monotonic() + seconds
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def clear(self, too_late: TooLate) -> None:
        """Have it called no more."""
        end = self._ends.pop(too_late, None)
        if end is not None and not isinstance(end, float):
            end.cancel()

    def _ring(self, too_late: TooLate) -> None:
        self._ends.pop(too_late, None)
        too_late()

    def _tick(self) -> None:
        now = time.monotonic()
        past = [late for late, end in self._ends.items() if isinstance(end, float) and end <= now]
        for too_late in past:
            self._ends.pop(too_late, None)
            too_late()
        self._ticking = any(isinstance(end, float) for end in self._ends.values())
        if self._ticking:
            asyncio.get_running_loop().call_later(TICK, self._tick)
