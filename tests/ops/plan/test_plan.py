"""Instances, shards, logs and the spool, worked out by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from functions.replay.drain import WRITES
from functions.track.delivery import FIRST_SHARE, RESERVED
from ops.plan import outage
from ops.plan.demand import Demand
from ops.plan.plan import HANGING, USUAL_MAX, shards_for
from shared.deadline import RESERVE, USUAL_TIMEOUT
from tests.ops.plan.support import ROUND, plan, site

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("uploads", "shards"), [(1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)])
def test_a_shard_takes_500_writes_a_second_and_no_more(uploads: float, shards: int) -> None:
    found = plan(site(uploads)).shards
    assert found.number == found.by_writes == shards


@pytest.mark.parametrize(("written", "shards"), [(4.999e6, 1), (5e6, 1), (5.000001e6, 2), (10e6, 2)])
def test_a_shard_takes_5_mb_a_second_and_no_more(written: float, shards: int) -> None:
    found = shards_for(1, written, ROUND)
    assert found.number == found.by_bytes == shards


def test_a_built_in_instance_serves_one_upload_at_a_time() -> None:
    # 50 ms for SLS and 350 µs of CPU on 0.35 vCPU are 51 ms: 1,000 uploads keep 51 instances busy.
    found = plan(site(1000)).instances

    assert found.billed == pytest.approx(0.051)
    assert found.busy == 51
    assert found.most == 102
    assert found.hanging == math.ceil(1000 * HANGING)


def test_a_custom_instance_serves_64_or_as_many_as_its_cpu_lets_it() -> None:
    # 0.7 ms of CPU an upload, 70 % of a core: 1,000 a second an instance. 64 / 50.7 ms: 1,262 a second.
    assert plan(site(1000, concurrent=True)).instances.busy == 1
    assert plan(site(1001, concurrent=True)).instances.busy == 2
    few = plan(site(1000, concurrent=True)._replace(concurrency=8)).instances
    assert few.busy == math.ceil(1000 * 0.0507 / 8) == 7
    assert few.hanging == math.ceil(1000 * HANGING / 8)


def test_an_sls_that_is_slower_than_an_outage_is_planned_for() -> None:
    found = plan(site(100)._replace(sls_seconds=9)).instances
    assert found.busy == found.hanging == 901  # 100 × 9.001 s


def test_a_byte_beyond_those_measured_costs_what_it_cost_in_a_large_body() -> None:
    # 10 events of 199.4 bytes: 1,994 bytes, 1,000 more than were measured, 1 ms of CPU.
    found = plan(Demand(1000, 10, event_bytes=199.4))

    assert found.load.body == pytest.approx(1994)
    assert found.instances.billed == pytest.approx(0.05 + 0.00135 / 0.35)


@pytest.mark.parametrize(("uploads", "most"), [(1, 20), (196, 20), (197, 22), (1000, 102)])
def test_max_instances_is_twice_those_at_the_peak_and_at_least_the_usual(uploads: float, most: int) -> None:
    # 196 uploads of 51 ms keep 9.996 instances busy, 197 keep 10.05: 10 and 11.
    assert plan(site(uploads)).instances.most == most


@pytest.mark.parametrize("uploads", [1, 10, 50, 100, 150, 180, 196, 197, 300, 1000, 10_000])
def test_it_leaves_room_for_three_standard_deviations_of_random_arrivals(uploads: float) -> None:
    mean = uploads * 0.051
    assert mean + 3 * math.sqrt(mean) <= plan(site(uploads)).instances.most


def test_each_invocation_leaves_its_metrics_and_its_line_in_the_functions_logs() -> None:
    custom, built_in = site(100, concurrent=True), site(100)
    assert plan(custom).log_bytes == 100 * (600 + 220 + 200)
    assert plan(custom._replace(request_log="problems")).log_bytes == 100 * 600
    # A built-in runtime frames each invocation by two lines of its own.
    assert plan(built_in).log_bytes == 100 * (600 + 220 + 200 + 2 * 265)
    assert plan(built_in._replace(request_log="problems")).log_bytes == 100 * (600 + 2 * 265)
    assert plan(site(10_000, concurrent=True)).log_shards == 3  # 10.2 MB a second


def test_token_answers_from_its_cache_and_renews_every_half_hour() -> None:
    small, large = plan(site(1000)).token, plan(site(70_000, concurrent=True)).token

    assert (small.calls, small.instances) == (1000, 5)  # of 5 ms each
    assert small.renewals == pytest.approx(5 / 1800)
    assert large.instances == 10  # of 100 µs of CPU, 70 % of a core: 7,000 a second each


def test_the_built_in_runtime_spools_each_upload_into_a_separate_object() -> None:
    found = plan(site(1000)).spool

    assert (found.batches, found.objects, found.requests) == (3_600_000, 3_600_000, 1000)
    # An instance of replay writes 0.35 / 350 µs = 1,000 a second, 49 s of each minute: 1.22 of an hour.
    assert found.parts == 2
    assert found.drain.seconds == pytest.approx(1800 * 60 / 49)
    assert found.shards == 4


def test_the_custom_runtime_shares_objects_above_500_uploads_a_second() -> None:
    at, over = plan(site(500, concurrent=True)).spool, plan(site(501, concurrent=True)).spool

    assert (at.requests, at.objects) == (500, 1_800_000)
    assert over.requests == pytest.approx(501 / 29.6)
    assert over.traffic == pytest.approx(501 * (90 + 22 + 275) * 0.33)


def test_an_outage_longer_than_the_parts_can_drain_in_time_takes_all_ten() -> None:
    found = plan(site(20_000)).spool

    assert found.parts == outage.MOST_PARTS == 10
    assert found.drain.seconds == pytest.approx(7200 * 60 / 49)


@pytest.mark.parametrize(("uploads", "parts"), [(816, 1), (817, 2), (8166, 10), (8167, 10)])
def test_parts_are_the_fewest_that_empty_it_as_fast_as_it_filled(uploads: float, parts: int) -> None:
    # A part writes 1,000 × 49 / 60 = 816.7 batches a second.
    assert plan(site(uploads)).spool.parts == parts


def test_what_it_takes_from_the_functions_is_what_they_do() -> None:
    left = USUAL_TIMEOUT - RESERVE
    assert pytest.approx(max(left * FIRST_SHARE, left - RESERVED)) == HANGING
    assert outage.WRITES == WRITES
    replay = (ROOT / "s.replay.yaml").read_text()
    assert replay.count("triggerType: timer") == outage.MOST_PARTS
    (timeout,) = re.findall(r"(?m)^      timeout: (\d+)$", replay)
    assert pytest.approx((int(timeout) - 1) / 60) == outage.DUTY
    assert f"env('MAX_INSTANCES', '{USUAL_MAX}')" in (ROOT / "s.yaml").read_text()
