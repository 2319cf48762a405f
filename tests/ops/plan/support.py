"""A price list and figures of round numbers, so that a test can work out the rest by hand."""

from __future__ import annotations

from ops.plan.demand import Demand
from ops.plan.figures import Figures
from ops.plan.plan import Plan, make
from ops.plan.prices import Price, PriceList, Quota, Tier

PAGE = "https://example.com/"
DAY = "2026-01-01"


def price(value: float) -> Price:
    return Price(value, "", DAY, PAGE)


def quota(value: float, most: float | None = None) -> Quota:
    return Quota(value, "", DAY, PAGE, most)


ROUND = PriceList(
    name="round",
    currency="USD",
    date=DAY,
    cu_tiers=[Tier(100e6, 0.00002), Tier(500e6, 0.000017), Tier(None, 0.000014)],
    prices={
        "fc.cu": price(0.00002),
        "fc.calls": price(75),
        "fc.vcpu": price(1),
        "fc.memory": price(0.15),
        "fc.disk": price(0.05),
        "sls.ingested": price(0.05),
        "sls.stored": price(0.002),
        "sls.feature.traffic": price(0.04),
        "sls.feature.indexed": price(0.08),
        "sls.feature.requests": price(0.03),
        "sls.feature.shards": price(0.01),
        "oss.put": price(0.01),
        "oss.get": price(0.001),
        "oss.stored": price(0.02),
        "internet.out": price(0.1),
        "internet.free": price(20),
    },
    quotas={
        "fc.instances": quota(100),
        "fc.reservable": quota(0.9),
        "fc.burst": quota(300),
        "sls.writes": quota(600_000, 2_000_000),
        "sls.traffic": quota(100, 200),
        "sls.shards": quota(400, 800),
        "sls.split": quota(64, 256),
        "sls.shard.writes": quota(500),
        "sls.shard.traffic": quota(5),
        "oss.requests": quota(10_000),
        "oss.upload": quota(20),
        "sts.calls": quota(100),
    },
)
# A byte more than 994 costs (3,104,788 - 1,000) / (3,104,782 - 994) = 1 µs.
FIGURES = Figures(
    date=DAY,
    python="3.12.0",
    built_in_cpu=350,
    custom_cpu=700,
    token_cpu=100,
    small_cpu=1_000,
    large_cpu=3_104_788,
    replay_alone=350,
    replay_together=100,
)


def plan(demand: Demand) -> Plan:
    """Return the plan of a site at these round numbers."""
    return make(demand, FIGURES, ROUND)


def site(visitors: float, events: int = 1, concurrent: bool = False) -> Demand:
    """Return a site of visits that send one batch of 94 bytes an event or fewer: no byte costs CPU."""
    return Demand(visitors, events, concurrent, event_bytes=90)
