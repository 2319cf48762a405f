"""The plan: instances, shards, logs, and the spool during and after an outage."""

from __future__ import annotations

from typing import NamedTuple

from ops.plan import compute, outage
from ops.plan.demand import Demand, Load, load
from ops.plan.figures import LINE, PACKED_ALONE, PACKED_TOGETHER, Figures
from ops.plan.prices import PriceList

USUAL_MAX = 20  # MAX_INSTANCES in s.yaml
SPARE = 2  # MAX_INSTANCES divided by the instances at the peak (docs/deploy.md, "The worst month")
# Seconds that an upload waits while SLS does not answer: 9 of its 10 s, minus delivery.py's RESERVED.
HANGING = 7.0
TOKEN_SECONDS = 0.005  # duration of an invocation of token that answers from its cache (docs/deploy.md)
TOKEN_LIFE = 3600 / 2  # seconds after which an instance of token renews its credential
# Bytes per invocation in the functions' Logstore: FC's additions to a line, and FC's request metrics, as in
# the sample of its documentation, "Request-level metrics".
LINE_ADDS, METRICS = 200, 600
FRAME = 2 * (65 + LINE_ADDS)  # the built-in runtimes' `FC Invoke Start RequestId: …`, and its `End`
MB = 1e6
GB = 1e9


class Instances(NamedTuple):
    """The instances of track at the peak."""

    busy: int
    billed: float  # seconds per upload
    most: int  # MAX_INSTANCES
    hanging: int  # while SLS does not answer


class Token(NamedTuple):
    """The alternative: pages get credentials from token and write to SLS directly."""

    calls: float  # per second
    instances: int
    billed: float  # seconds per call
    renewals: float  # AssumeRole calls per second


class Shards(NamedTuple):
    """The shards that a Logstore needs for its writes and for its bytes."""

    by_writes: int
    by_bytes: int

    @property
    def number(self) -> int:
        """The number of shards for both."""
        return max(self.by_writes, self.by_bytes)


class Spool(NamedTuple):
    """The spool: what an outage adds per second and in total, and how replay empties it."""

    batches: float
    objects: float
    requests: float  # PUTs per second
    traffic: float  # bytes per second
    bytes: float
    parts: int  # REPLAY_PARTS
    drain: outage.Drain
    shards: int  # additional shards that replay needs for this speed


class Plan(NamedTuple):
    """The deployment for a demand, and the resources that it needs."""

    demand: Demand
    load: Load
    instances: Instances
    token: Token
    shards: Shards
    log_bytes: float  # per second, to the functions' Logstore
    log_shards: int
    spool: Spool


def make(demand: Demand, figures: Figures, prices: PriceList) -> Plan:
    """Return the plan for a site at its peak."""
    asked = load(demand)
    logged = asked.uploads * _logged(demand)
    shards = shards_for(asked.uploads, asked.written, prices)
    return Plan(
        demand=demand,
        load=asked,
        instances=_instances(demand, asked, figures),
        token=_token(demand, asked, figures),
        shards=shards,
        log_bytes=logged,
        log_shards=shards_for(0, logged, prices).number,
        spool=_spool(demand, asked, figures, prices),
    )


def shards_for(writes: float, written: float, prices: PriceList) -> Shards:
    """Return the shards for `writes` per second and `written` bytes per second."""
    return Shards(
        by_writes=max(1, compute.whole(writes / prices.quota("sls.shard.writes"))),
        by_bytes=max(1, compute.whole(written / (MB * prices.quota("sls.shard.traffic")))),
    )


def _logged(demand: Demand) -> int:
    """Return the bytes that an upload adds to the functions' Logstore."""
    line = LINE + LINE_ADDS if demand.request_log == "all" else 0
    return METRICS + line + (0 if demand.concurrent else FRAME)


def _instances(demand: Demand, asked: Load, figures: Figures) -> Instances:
    cpu = figures.request_cpu(demand.concurrent, asked.body)
    times = compute.Times(demand.sls_seconds, cpu, cpu)
    if demand.concurrent:
        billed, busy = compute.custom_seconds(times, compute.CUSTOM, asked.uploads, demand.concurrency)
        hanging = compute.whole(asked.uploads * HANGING / demand.concurrency)
    else:
        billed = compute.built_in_seconds(times, compute.BUILT_IN)
        busy = compute.whole(asked.uploads * billed)
        hanging = compute.whole(asked.uploads * HANGING)
    return Instances(busy, billed, max(USUAL_MAX, SPARE * busy), max(busy, hanging))


def _token(demand: Demand, asked: Load, figures: Figures) -> Token:
    cpu = figures.token_cpu / 1e6
    if demand.concurrent:
        times = compute.Times(0, cpu, cpu)
        billed, instances = compute.custom_seconds(times, compute.CUSTOM, asked.tokens, demand.concurrency)
    else:
        billed, instances = TOKEN_SECONDS, compute.whole(asked.tokens * TOKEN_SECONDS)
    return Token(asked.tokens, instances, billed, instances / TOKEN_LIFE)


def _spool(demand: Demand, asked: Load, figures: Figures, prices: PriceList) -> Spool:
    measured = outage.Measured(figures.replay_alone / 1e6, figures.replay_together / 1e6)
    together = demand.concurrent and asked.uploads > outage.GROUPING
    # The built-in runtime writes each batch to a separate object, at any rate.
    measured = measured if together else measured._replace(together=measured.alone)
    seconds = 3600 * demand.outage_hours
    batches = asked.uploads * seconds
    requests = asked.uploads / (measured.shared if together else 1)
    traffic = asked.written * (PACKED_TOGETHER if together else PACKED_ALONE)
    parts, drained = _parts(seconds, asked.uploads, measured, prices)
    speed = parts * outage.batches_a_second(asked.uploads, measured)
    return Spool(
        batches=batches,
        objects=requests * seconds,
        requests=requests,
        traffic=traffic,
        bytes=traffic * seconds,
        parts=parts,
        drain=drained,
        shards=shards_for(speed, speed * asked.forwarded, prices).number,
    )


def _parts(
    seconds: float, rate: float, measured: outage.Measured, prices: PriceList
) -> tuple[int, outage.Drain]:
    """Return the fewest parts that empty the spool in the duration of the outage, at most MOST_PARTS."""
    for parts in range(1, outage.MOST_PARTS + 1):
        drained = outage.drain(seconds, rate, parts, measured, compute.prices(prices))
        if drained.seconds <= seconds:
            break
    return parts, drained
