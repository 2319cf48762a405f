"""Whether SLS is asked for a batch, or the spool at once: a circuit breaker, where there is a spool.

While SLS hangs, an upload that asks it waits most of its time, and goes to the spool all the same, perhaps as
a second copy; 64 of them at once fill an instance, and the next visitor is refused. So after some writes in a
row that SLS failed, the breaker opens: batches go to the spool, and one write at a time asks SLS, a probe.
Any answer closes it. What SLS says of a batch, a right, a name or a quota is one: no client can open it.

It also knows how long SLS takes, so that no write is begun whose answer would come too late.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.alibaba.put_logs import Outcome

FAILURES = 3  # writes in a row that SLS failed, until it opens
SHORTEST, LONGEST = 1.0, 30.0  # seconds from one probe's end to the next probe
SHARE = 4  # times as long as a probe took is waited for the next: probes take at most a fifth of the time
# Of the time that a write usually has: a failure with less counts for nothing, since it may be a client, slow
# to send its body, that left SLS no time.
ENOUGH = 0.8
DECAY = 0.9  # of the slowest answer's time is left with each write

_FAILED = frozenset({Outcome.PASSING, Outcome.UNREACHED, Outcome.IN_DOUBT})


class Breaker:
    """The state for one Logstore in one instance; for one thread, or one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._row = 0  # writes that SLS failed, since it last answered
        self._probe_at = 0.0  # when the next probe is due
        self._usual = 0.0  # seconds, the most that a write had
        self._slowest = 0.0  # seconds that SLS takes of late

    @property
    def open(self) -> bool:
        """Whether only probes ask SLS."""
        return self._row >= FAILURES

    def reason_not_to_ask(self, seconds: float) -> str | None:
        """Return why SLS is not to be asked by a write that has so many seconds; None where it is.

        A write that is let through tells what became of it, by `note`.
        """
        self._usual = max(self._usual, seconds)
        if seconds < self._slowest:
            self._slowest *= DECAY  # else, with nobody asking, it would be believed for ever
            return "less time is left than SLS recently took"
        if self.open:
            now = self._clock()
            if now < self._probe_at:
                return "SLS failed several writes in a row"
            # No other before this one's end; should it never tell, as where its client has gone, soon after.
            self._probe_at = now + seconds + SHORTEST
        return None

    def lets_repeat(self, seconds: float) -> bool:
        """Whether a write may ask SLS once more, with so many seconds left; never while it is open."""
        return seconds >= self._slowest and not self.open

    def note(self, became: Outcome, took: float, had: float) -> None:
        """Note what became of a write: its last attempt took so many seconds, the whole had so many."""
        if became not in _FAILED:
            self._row = 0
            self._slowest = max(took, self._slowest * DECAY)
        elif had >= ENOUGH * self._usual:
            self._row += 1
            self._probe_at = self._clock() + min(max(SHARE * took, SHORTEST), LONGEST)
