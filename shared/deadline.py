"""The deadline of a request."""

from __future__ import annotations

import time

USUAL_TIMEOUT = 10.0  # seconds, if the context has no timeout
WARM_UP = 2.5  # seconds, below FC's default of 3 for an initializer
RESERVE = 1.0  # seconds between the deadline and FC's timeout


class Deadline:
    """A time on the monotonic clock. All work for a request must end by then."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left, negative after the deadline."""
        return self._end - time.monotonic()

    def left(self) -> float:
        """Return the seconds left, always positive. Raises TimeoutError after the deadline."""
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError("out of time")
        return seconds

    def within(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and one `seconds` from now."""
        return Deadline(min(seconds, self.remaining()))


def deadline_of(context: object, usual: float) -> Deadline:
    """Return the deadline: RESERVE before FC's timeout, or half of a timeout shorter than 2 × RESERVE.

    `usual` is the timeout, in seconds, if the context has none.
    """
    timeout = getattr(getattr(context, "function", None), "timeout", None)
    seconds = float(timeout) if isinstance(timeout, (int, float)) and timeout > 0 else usual
    return Deadline(max(seconds - RESERVE, seconds / 2))
