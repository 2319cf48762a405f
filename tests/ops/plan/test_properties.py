from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ops.plan import figures
from ops.plan.bill import bill
from ops.plan.demand import Demand
from ops.plan.plan import Plan, make
from ops.plan.prices import read
from ops.plan.quotas import needs

PRICES, FIGURES = read(), figures.read()
demands = st.builds(
    Demand,
    visitors=st.floats(1e-3, 1e6),
    events=st.integers(1, 5_000),
    concurrent=st.booleans(),
    event_bytes=st.floats(1, 700),
    batch_events=st.integers(1, 4_000),
    batch_seconds=st.floats(0.1, 600),
    visit_seconds=st.floats(0, 3_600),
    retention_days=st.integers(1, 400),
    peak_hours=st.floats(0.1, 24),
    sls_seconds=st.floats(0, 5),
    concurrency=st.integers(1, 200),
    request_log=st.sampled_from(["all", "problems"]),
    answer_bytes=st.floats(0, 10_000),
    outage_hours=st.floats(0.1, 200),
)
more = st.floats(1, 100)


def plan(demand: Demand) -> Plan:
    return make(demand, FIGURES, PRICES)


def cost(demand: Demand) -> float:
    return bill(plan(demand), PRICES).total


@given(demands, more)
def test_more_visitors_never_cost_less(demand: Demand, times: float) -> None:
    larger = demand._replace(visitors=demand.visitors * times)
    assert cost(larger) >= cost(demand) * (1 - 1e-9)


@given(demands, st.integers(0, 5_000))
def test_more_events_never_take_fewer_shards_or_instances(demand: Demand, further: int) -> None:
    fewer, larger = plan(demand), plan(demand._replace(events=demand.events + further))

    assert larger.shards.number >= fewer.shards.number
    assert larger.shards.by_writes >= fewer.shards.by_writes
    assert larger.instances.hanging >= fewer.instances.hanging
    assert larger.load.uploads >= fewer.load.uploads


@given(demands, more)
def test_more_visitors_never_need_less_of_a_quota(demand: Demand, times: float) -> None:
    before = {one.what: one.needed for one in needs(plan(demand), PRICES)}
    after = {
        one.what: one.needed for one in needs(plan(demand._replace(visitors=demand.visitors * times)), PRICES)
    }
    # Batches share objects above a rate, and so a larger site may put fewer of them.
    sharing = {"OSS requests a second, outage", "OSS Gbit/s, outage"} if demand.concurrent else set()
    # Which parts the spool then needs, and whether they are set aside beside the instances.
    sharing |= {"FC instances, with MAX_INSTANCES", "FC instances, while SLS hangs"}
    for what in before.keys() - sharing:
        assert after[what] >= before[what] * (1 - 1e-9), what


@given(demands, st.integers(1, 4_000))
def test_a_larger_count_never_makes_more_uploads(demand: Demand, count: int) -> None:
    larger = demand._replace(batch_events=demand.batch_events + count)
    assert plan(larger).load.uploads <= plan(demand).load.uploads


@given(demands)
def test_every_number_is_one(demand: Demand) -> None:
    found = plan(demand)
    listed = bill(found, PRICES)
    for value in (*found.load, *found.instances, *found.token, found.log_bytes, listed.total):
        assert math.isfinite(value)
        assert value >= 0
    assert 1 <= found.spool.parts <= 10
    assert found.instances.most >= found.instances.busy >= 1
    assert found.shards.number >= 1
