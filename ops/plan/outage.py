"""How the spool empties after an outage.

The model. An outage of `seconds` at `rate` uploads a second leaves `seconds` × `rate` batches. One instance
of replay empties one part of the spool, `DUTY` of the time: a run of s.replay.yaml lasts 49 s of each minute.
An instance's speed is limited by its share of a core, with the measured CPU time per batch
(`python -m benchmarks replay`), and by its concurrent writes and the distance to SLS. Up to `GROUPING`
uploads a second, each batch is assumed to have a separate object; above, batches share objects, as measured
in the drill (`make soak ARGS=--outage`). New uploads of pages go to SLS directly and do not slow replay down.

The computed time is also the longest wait of a batch; SLS accepts logs of the last 7 days. The shards of the
Logstore also limit the speed: `Drain` has the number of shards for replay's writes, in addition to those for
the pages' uploads. With fewer, SLS throttles replay, and the time is batches / (500 × free shards).
"""

from __future__ import annotations

from typing import NamedTuple

from ops.plan import figures
from ops.plan.compute import Prices, Size, whole

REPLAY = Size(vcpu=0.35, memory=0.5)  # s.replay.yaml's
MOST_PARTS = 10  # a function of Function Compute has at most ten triggers
DUTY = 49 / 60  # part of the time with a run: its timeout minus one second, once a minute
WRITES = 64  # concurrent writes of an instance (functions/replay/drain.py)
DISTANCE = 0.01  # seconds to SLS and back
GROUPING = 500  # uploads a second, above which batches share objects
SHARD = 500  # writes a second per shard (SLS documentation, "Manage shards")
OLDEST = 7 * 86_400  # seconds; SLS refuses older logs


class Measured(NamedTuple):
    """The measured CPU seconds per batch, and the batches per object in the drill."""

    alone: float  # from objects of one batch
    together: float  # from objects of 64
    shared: float = figures.SHARED

    @classmethod
    def usual(cls) -> Measured:
        """Return the figures of docs/performance.md and of the drill."""
        found = figures.read()
        return cls(found.replay_alone / 1e6, found.replay_together / 1e6)


class Drain(NamedTuple):
    """How long the spool takes to empty, at what cost, and with how many shards."""

    seconds: float
    dollars: float  # cost of replay in Function Compute
    shards: int  # needed for replay's writes

    @property
    def in_time(self) -> bool:
        """Whether the last batch is written before it is too old for SLS."""
        return self.seconds <= OLDEST


def batches_a_second(rate: float, measured: Measured) -> float:
    """Return the batches per second of one running instance."""
    cpu = measured.together if rate > GROUPING else measured.alone
    return min(REPLAY.vcpu / cpu, WRITES / DISTANCE)


def drain(outage: float, rate: float, parts: int, measured: Measured, prices: Prices) -> Drain:
    """Return the result for an outage of `outage` seconds at `rate` uploads a second."""
    speed = parts * batches_a_second(rate, measured)
    running = outage * rate / speed  # seconds, with all instances in parallel
    dollars = running * parts * REPLAY.a_second(prices) * prices.unit
    return Drain(running / DUTY, dollars, whole(speed / SHARD))
