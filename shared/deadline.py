"""The moment by which a request must have its answer."""

from __future__ import annotations

import time

USUAL_TIMEOUT = 10.0  # seconds, where the context does not say
WARM_UP = 2.5  # seconds, under the 3 that FC gives an initializer unless s.yaml says otherwise
RESERVE = 1.0  # seconds kept between the last thing done and FC ending the invocation


class Deadline:
    """A point on the monotonic clock, by which everything done for a request has to end."""

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


def deadline_of(context: object, usual: float) -> Deadline:
    """Return when all must be done: a second before FC's timeout, or half of one too short for that.

    `usual` is the timeout, in seconds, where the context does not say.
    """
    timeout = getattr(getattr(context, "function", None), "timeout", None)
    seconds = float(timeout) if isinstance(timeout, (int, float)) and timeout > 0 else usual
    return Deadline(max(seconds - RESERVE, seconds / 2))
