"""The moment by which a request must have its answer."""

from __future__ import annotations

import time


class Deadline:
    """A point on the monotonic clock; whoever waits asks it how long there still is."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, negative once it has passed."""
        return self._end - time.monotonic()

    def left(self) -> float:
        """Seconds left, more than none; raises TimeoutError once it has passed."""
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError("out of time")
        return seconds

    def within(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and one `seconds` from now."""
        return Deadline(min(seconds, self.remaining()))
