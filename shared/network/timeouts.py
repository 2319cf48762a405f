"""Timeouts of many waits, checked by one timer: a separate timer would cost more than the wait itself.

A wait for SLS rarely reaches its timeout. So while there are waits, all timeouts are checked every TICK
seconds, and a wait may end up to TICK late. A short wait has a separate timer, because TICK is much for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

TICK = 0.05  # seconds
SHORT = 1.0  # seconds; a shorter wait has a separate timer

TooLate = Callable[[], None]


class Timeouts:
    """The timeouts of one event loop."""

    def __init__(self) -> None:
        self._ends: dict[TooLate, float | asyncio.TimerHandle] = {}
        self._ticking = False

    def set(self, too_late: TooLate, seconds: float) -> None:
        """Call `too_late` once after `seconds`, unless it is cleared before."""
        if seconds < SHORT:
            self._ends[too_late] = asyncio.get_running_loop().call_later(seconds, self._ring, too_late)
            return
        self._ends[too_late] = time.monotonic() + seconds
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def clear(self, too_late: TooLate) -> None:
        """Cancel the call of `too_late`."""
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
