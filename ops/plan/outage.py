"""How the spool empties after an outage.

The model. An outage of `seconds` at `rate` uploads a second leaves `seconds` × `rate` batches. A part of the
spool is emptied by one instance of replay, `DUTY` of the time: s.replay.yaml's runs last 49 s of each
minute. An instance writes as fast as its share of a core lets it, with the CPU time a batch that was measured
(`python -m benchmarks replay`), and no faster than its writes at once and SLS's distance let it. Up to
`GROUPING` uploads a second batches are taken to have an object each; above, to share objects, as the drill
found (`make soak ARGS=--outage`). What pages send meanwhile goes to SLS directly, and takes none of this.

The time is what the oldest batch may wait: SLS takes logs of the last 7 days. It also takes no more than
its shards do; how many shards replay's writes take, beside those for the pages' own, is in `Drain`. Below
that, SLS throttles, replay slows down to what SLS takes, and the time is batches / (500 × shards to spare).
"""

from __future__ import annotations

from typing import NamedTuple

from ops.plan import figures
from ops.plan.compute import Prices, Size, whole

REPLAY = Size(vcpu=0.35, memory=0.5)  # s.replay.yaml's
MOST_PARTS = 10  # Function Compute gives a function ten triggers
DUTY = 49 / 60  # of the time that a run is under way: its timeout less a second, once a minute
WRITES = 64  # at once in an instance (functions/replay/drain.py)
DISTANCE = 0.01  # seconds to SLS and back
GROUPING = 500  # uploads a second, above which batches share objects
SHARD = 500  # writes a second of a shard (SLS documentation, "Manage shards")
OLDEST = 7 * 86_400  # seconds; SLS takes no older log


class Measured(NamedTuple):
    """What was measured: CPU seconds a batch, and how many batches shared an object in the drill."""

    alone: float  # from objects of one batch
    together: float  # from objects of 64
    shared: float = figures.SHARED

    @classmethod
    def usual(cls) -> Measured:
        """Return the figures of docs/performance.md and of the drill."""
        found = figures.read()
        return cls(found.replay_alone / 1e6, found.replay_together / 1e6)


class Drain(NamedTuple):
    """How the spool empties with so many parts."""

    seconds: float
    dollars: float  # Function Compute's, for replay
    shards: int  # that its writes take

    @property
    def in_time(self) -> bool:
        """Whether the last batch is written before SLS would refuse it for its age."""
        return self.seconds <= OLDEST


def batches_a_second(rate: float, measured: Measured) -> float:
    """Return what one instance writes while it runs."""
    cpu = measured.together if rate > GROUPING else measured.alone
    return min(REPLAY.vcpu / cpu, WRITES / DISTANCE)


def drain(outage: float, rate: float, parts: int, measured: Measured, prices: Prices) -> Drain:
    """Return how the spool empties after an outage of so many seconds at so many uploads a second."""
    speed = parts * batches_a_second(rate, measured)
    running = outage * rate / speed  # seconds, of all instances side by side
    dollars = running * parts * REPLAY.a_second(prices) * prices.unit
    return Drain(running / DUTY, dollars, whole(speed / SHARD))
