"""A circuit breaker, used with a spool: decides whether a batch is written to SLS or directly to the spool.

While SLS hangs, an upload waits most of its time for SLS and still goes to the spool, perhaps as a second
copy; 64 such uploads fill an instance, and the next visitor is refused. So after FAILURES failed writes in a
row the breaker opens: batches go to the spool, and only one write at a time, a probe, goes to SLS. Any answer
of SLS except a 5xx closes it. A refusal of a batch, a permission, a name or a quota is such an answer, so no
client can open the breaker.

It also measures how long SLS takes, so that no write begins whose answer would come too late.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.alibaba.put_logs import Outcome

FAILURES = 3  # failed writes in a row until it opens
SHORTEST, LONGEST = 1.0, 30.0  # seconds between the end of one probe and the next probe
SHARE = 4  # pause before the next probe, in durations of the last: probes take at most a fifth of the time
# A failure counts only if the write had at least this part of the usual time. With less, the cause may be a
# client that sent its body slowly and left SLS no time.
ENOUGH = 0.8
DECAY = 0.9  # factor by which each write shortens the time of the slowest answer

_FAILED = frozenset({Outcome.PASSING, Outcome.UNREACHED, Outcome.IN_DOUBT})


class Breaker:
    """The state for one Logstore in one instance. Use it in one thread or one event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._row = 0  # failed writes since the last answer of SLS
        self._probe_at = 0.0  # the time of the next probe
        self._usual = 0.0  # seconds, the longest time that a write had
        self._slowest = 0.0  # seconds that SLS recently took

    @property
    def open(self) -> bool:
        """Whether only probes are written to SLS."""
        return self._row >= FAILURES

    def reason_not_to_ask(self, seconds: float) -> str | None:
        """Return why a write with `seconds` left must not go to SLS, None if it may.

        After None, the caller reports the result of the write with `note`.
        """
        self._usual = max(self._usual, seconds)
        if seconds < self._slowest:
            self._slowest *= DECAY  # otherwise no write would ever go to SLS again and correct it
            return "less time is left than SLS recently took"
        if self.open:
            now = self._clock()
            if now < self._probe_at:
                return "SLS failed several writes in a row"
            # The next probe waits for the end of this one. If `note` is never called, for example because the
            # client has disconnected, the next probe begins shortly after this one's deadline.
            self._probe_at = now + seconds + SHORTEST
        return None

    def lets_repeat(self, seconds: float) -> bool:
        """Whether a write with `seconds` left may try SLS once more; never while the breaker is open."""
        return seconds >= self._slowest and not self.open

    def note(self, became: Outcome, took: float, had: float) -> None:
        """Record a write's result: the last attempt took `took` seconds, all attempts had `had` seconds."""
        if became not in _FAILED:
            self._row = 0
            self._slowest = max(took, self._slowest * DECAY)
        elif had >= ENOUGH * self._usual:
            self._row += 1
            self._probe_at = self._clock() + min(max(SHARE * took, SHORTEST), LONGEST)
