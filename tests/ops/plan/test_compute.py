from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from ops.plan.compute import (
    BUILT_IN,
    CONCURRENCY,
    CUSTOM,
    UTILIZATION,
    Size,
    Times,
    built_in_seconds,
    custom_seconds,
    prices,
)
from ops.plan.outage import REPLAY

ROOT = Path(__file__).parents[3]
TIMES = Times(waiting=0.01, built_in=0.0007, custom=0.00035)
PRICES = prices()


def test_the_built_in_runtime_pays_for_waiting_and_for_cpu_on_its_share_of_a_core() -> None:
    assert built_in_seconds(TIMES, Size(vcpu=0.35, memory=0.5)) == pytest.approx(0.012)


def test_a_lone_request_pays_for_itself_in_the_custom_runtime_too() -> None:
    seconds, instances = custom_seconds(TIMES, Size(vcpu=1, memory=1), 0.001)

    assert seconds == pytest.approx(0.01035, rel=1e-4)
    assert instances == 1


def test_requests_that_overlap_share_the_time() -> None:
    duration = 0.01035
    seconds, instances = custom_seconds(TIMES, Size(vcpu=1, memory=1), 1000)

    assert instances == 1
    assert seconds == pytest.approx((1 - math.exp(-1000 * duration)) / 1000)
    assert seconds < duration / 10


def test_an_instance_takes_as_much_as_its_cpu_allows_and_no_more() -> None:
    size = Size(vcpu=1, memory=1)
    most = UTILIZATION / TIMES.custom

    assert custom_seconds(TIMES, size, most * 0.9999)[1] == 1
    assert custom_seconds(TIMES, size, most * 1.0001)[1] == 2


def test_an_instance_takes_as_many_at_once_as_its_concurrency_and_no_more() -> None:
    slow = Times(waiting=1.0, built_in=0, custom=0)

    assert custom_seconds(slow, CUSTOM, CONCURRENCY)[1] == 1
    assert custom_seconds(slow, CUSTOM, CONCURRENCY + 1)[1] == 2


def test_a_lower_concurrency_takes_more_instances() -> None:
    slow = Times(waiting=1.0, built_in=0, custom=0)

    assert custom_seconds(slow, CUSTOM, 100, 50)[1] == 2
    assert custom_seconds(slow, CUSTOM, 101, 50)[1] == 3


def test_a_second_costs_its_vcpu_and_memory_and_the_disk_beyond_what_is_free() -> None:
    assert Size(vcpu=0.35, memory=0.5, disk=0.5).a_second(PRICES) == pytest.approx(0.35 + 0.5 * 0.15)
    assert Size(vcpu=1, memory=1, disk=10).a_second(PRICES) == pytest.approx(1 + 0.15 + 9.5 * 0.05)


def sizes(name: str) -> tuple[float, ...]:
    """Return the vCPU, and the GB of memory and disk, of a file that `s deploy` reads."""
    text = (ROOT / name).read_text()
    values = [re.search(rf"(?m)^ +{key}: ([0-9.]+)$", text) for key in ("cpu", "memorySize", "diskSize")]
    return tuple(
        float(found[1]) / (1024 if at else 1) for at, found in enumerate(values) if found is not None
    )


def test_the_sizes_are_those_that_are_deployed() -> None:
    assert sizes("s.yaml") == (*BUILT_IN[:2], BUILT_IN.disk)
    assert sizes("s.concurrent.yaml") == CUSTOM[:2]
    assert sizes("s.replay.yaml") == (*REPLAY[:2], REPLAY.disk)
    assert f"env('DEPLOY_CONCURRENCY', '{CONCURRENCY}')" in (ROOT / "s.concurrent.yaml").read_text()
