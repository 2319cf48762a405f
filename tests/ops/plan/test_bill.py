"""A month's bill at round prices, worked out by hand."""

from __future__ import annotations

import pytest

from ops.plan.bill import Bill, bill
from ops.plan.demand import Demand
from tests.ops.plan.support import ROUND, plan, site

SECONDS = 30 * 8 * 3600  # at the peak
TICKS = 30 * 24 * 60


def costs(demand: Demand) -> dict[str, float]:
    found = bill(plan(demand), ROUND)
    return {item.name: item.cost for item in [*found.items, *found.besides]}


def of(demand: Demand) -> Bill:
    return bill(plan(demand), ROUND)


def test_function_compute_charges_calls_and_seconds() -> None:
    found = costs(site(100))

    # 86.4 million uploads of 51 ms at 0.425 CU, and replay's ticks: 2.5 million CU, all at the first price.
    assert found["FC: invocations"] == pytest.approx((100 * SECONDS + TICKS) * 0.0075 * 0.00002)
    assert found["FC: instances"] == pytest.approx(100 * SECONDS * 0.051 * 0.425 * 0.00002)


def test_a_large_month_costs_less_a_unit() -> None:
    found = costs(site(10_000))

    calls = (10_000 * SECONDS + 10 * TICKS) * 0.0075  # 64.8 million CU
    time = 10_000 * SECONDS * 0.051 * 0.425  # 187 million CU
    whole = 100e6 * 0.00002 + (calls + time - 100e6) * 0.000017
    assert found["FC: invocations"] + found["FC: instances"] == pytest.approx(whole)
    assert found["FC: invocations"] == pytest.approx(whole * calls / (calls + time))


@pytest.mark.parametrize(
    ("units", "cost"),
    [
        (0, 0),
        (100e6, 2000),
        (100e6 + 1, 2000.000017),
        (500e6, 2000 + 6800),
        (1_600e6, 2000 + 6800 + 15_400),  # the documentation's own example: USD 24,200
    ],
)
def test_each_tier_of_units_has_its_price(units: float, cost: float) -> None:
    assert ROUND.cu_cost(units) == pytest.approx(cost, abs=1e-9)


def test_sls_charges_what_is_written_by_the_gigabyte() -> None:
    found = costs(site(100))

    assert found["SLS: events"] == pytest.approx(100 * SECONDS * (90 + 22 + 275) / 1e9 * 0.05)
    assert found["SLS: the functions' logs"] == pytest.approx(100 * SECONDS * 1550 / 1e9 * 0.05)


def test_thirty_days_of_storage_are_in_that_price_and_the_thirty_first_is_not() -> None:
    later = "SLS: events after 30 days"
    assert later not in costs(site(100)._replace(retention_days=30))
    a_day = 100 * 8 * 3600 * 387 / 1e9  # GB
    found = costs(site(100)._replace(retention_days=31))
    assert found[later] == pytest.approx(1.2 * a_day * 30 * 0.002)
    assert costs(site(100)._replace(retention_days=32))[later] == pytest.approx(2 * found[later])


def test_the_internet_is_free_for_20_gb() -> None:
    name = "Internet: answers to pages"
    assert costs(site(20e9 / SECONDS / 1000))[name] == pytest.approx(0)
    assert costs(site(30e9 / SECONDS / 1000))[name] == pytest.approx(10 * 0.1)


def test_the_total_is_that_of_its_items_and_of_nothing_besides() -> None:
    found = of(site(100))
    assert found.total == pytest.approx(sum(item.cost for item in found.items))
    assert {item.name for item in found.besides}.isdisjoint(item.name for item in found.items)


def test_an_outage_costs_requests_storage_and_replay() -> None:
    found = costs(site(1000))["an outage of 1 h: OSS, replay"]

    objects = 3.6e6
    requests = objects / 1e4 * (1.01 * 0.01 + 0.001)
    hours = 1 + 1800 * 60 / 49 / 3600
    stored = objects * 387 * 0.43 / 1e9 * 0.02 * hours / 720
    replay = 3600 * 0.425 * 0.00002
    assert found == pytest.approx(requests + stored + replay)


def test_token_is_called_once_a_visit_and_nothing_else_is_charged() -> None:
    found = costs(site(100, events=10))["token in track's place: FC"]
    assert found == pytest.approx(100 * SECONDS * (0.0075 + 0.005 * 0.425) * 0.00002)


def test_what_writes_to_sls_would_cost_over_the_internet_is_shown() -> None:
    found = costs(site(100))["if writes to SLS count as Internet"]
    assert found == pytest.approx(100 * SECONDS * 387 / 1e9 * 0.1)


def test_paid_by_feature_sls_charges_each_for_itself_and_storage_from_the_first_day() -> None:
    site_of_two_shards = site(1000)._replace(retention_days=10)
    found = costs(site_of_two_shards)["SLS: events, paid by feature instead"]

    written = 1000 * SECONDS * 387 / 1e9  # GB
    stored = 1.2 * written / 30 * 10
    requests = 1000 * SECONDS / 1e6 * 0.03
    assert found == pytest.approx(written * (0.04 + 0.08) + requests + 2 * 30 * 0.01 + stored * 30 * 0.002)
