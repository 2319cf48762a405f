from __future__ import annotations

import math

import pytest

from ops.plan.demand import Demand
from ops.plan.plan import HANGING
from ops.plan.quotas import BEYOND, ENOUGH, RAISE, Need, needs, reserved
from tests.ops.plan.support import ROUND, plan, site


def need(what: str, demand: Demand) -> Need:
    (found,) = [one for one in needs(plan(demand), ROUND) if one.what == what]
    return found


@pytest.mark.parametrize(
    ("uploads", "verdict"),
    [(10_000, ENOUGH), (10_001, RAISE), (33_333, RAISE), (33_334, BEYOND)],
)
def test_a_project_takes_600_000_writes_a_minute_and_can_be_raised_to_2_000_000(
    uploads: float, verdict: str
) -> None:
    found = need("SLS writes a minute, Project", site(uploads))
    assert (found.needed, found.verdict) == (60 * uploads, verdict)


def test_a_quota_without_a_known_maximum_can_be_raised() -> None:
    assert need("OSS requests a second, outage", site(10_000)).verdict == ENOUGH
    assert need("OSS requests a second, outage", site(10_001)).verdict == RAISE
    assert need("OSS requests a second, outage", site(1e6)).verdict == RAISE


def test_track_and_token_set_as_many_instances_aside_each_and_replay_its_parts() -> None:
    assert reserved(44, 2, ROUND) == 100  # 90 of 100
    assert reserved(44, 3, ROUND) == 102
    small = need("FC instances, with MAX_INSTANCES", site(100))
    assert (small.needed, small.verdict) == (46, ENOUGH)  # (2 × 20 + 1) / 0.9
    assert need("FC instances, with MAX_INSTANCES", site(1000)).verdict == RAISE


def test_while_sls_hangs_each_upload_waits_in_an_instance() -> None:
    found = need("FC instances, while SLS hangs", site(100))
    assert found.needed == math.ceil((2 * math.ceil(100 * HANGING) + 1) / 0.9)
    assert need("FC instances, while SLS hangs", site(100, concurrent=True)).verdict == ENOUGH


def test_shards_are_counted_in_the_project_and_in_the_logstore() -> None:
    found = plan(site(128_000))
    for uploads, verdict in ((32_000, ENOUGH), (32_001, RAISE), (128_000, RAISE), (128_001, BEYOND)):
        assert need("SLS shards by automatic splitting", site(uploads)).verdict == verdict
    both = need("SLS shards, Project", site(128_000))
    assert both.needed == found.shards.number + found.log_shards == 256 + 40


def test_traffic_is_the_pages_and_the_functions_own() -> None:
    found = need("SLS GB a minute, Project", site(1000))
    assert found.needed == pytest.approx(60 * 1000 * (90 + 22 + 275 + 1550) / 1e9)
    assert need("OSS Gbit/s, outage", site(1000)).needed == pytest.approx(8e3 * 387 * 0.43 / 1e9)


def test_token_starts_no_faster_than_function_compute_starts_instances() -> None:
    started = "STS AssumeRole a second, token starts"
    assert need(started, site(20_000)).needed == 100
    assert need(started, site(20_000)).verdict == ENOUGH
    assert need(started, site(20_001)).verdict == RAISE
    assert need(started, site(200_000)).needed == 300


def test_the_most_exceeded_quota_comes_first() -> None:
    shares = [one.share for one in needs(plan(site(20_000)), ROUND)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 1 > shares[-1]
