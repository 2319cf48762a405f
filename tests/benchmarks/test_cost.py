from __future__ import annotations

import math

import pytest

from benchmarks.cost import (
    BUILT_IN,
    CONCURRENCY,
    CUSTOM,
    UTILIZATION,
    Prices,
    Size,
    Times,
    break_even,
    built_in_seconds,
    custom_seconds,
    table,
)

TIMES = Times(waiting=0.01, built_in=0.0007, custom=0.00035)
PRICES = Prices()


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


def test_the_table_adds_the_calls_and_the_seconds_at_the_list_price() -> None:
    first, *_, last = table(TIMES, PRICES, [1, 10])

    assert first.calls == pytest.approx(0.15)  # a million calls at 75 CU per 10,000
    billed = 1e6 * 0.012 * (0.35 + 0.15 * 0.5 + 0.05 * 0.5) * 0.00002
    assert first.built_in == pytest.approx(0.15 + billed)
    assert last.built_in == pytest.approx(first.built_in / 10)


def test_the_custom_runtime_is_cheaper_from_its_break_even_on_and_dearer_before() -> None:
    rate = break_even(TIMES, PRICES)
    assert rate is not None

    def dearer(rate: float) -> bool:
        own = built_in_seconds(TIMES, BUILT_IN) * BUILT_IN.a_second(PRICES)
        return custom_seconds(TIMES, CUSTOM, rate)[0] * CUSTOM.a_second(PRICES) > own

    assert not dearer(rate)
    assert dearer(rate / 1.05)


def test_where_it_saves_nothing_there_is_no_break_even() -> None:
    assert break_even(Times(waiting=0, built_in=0.0001, custom=0.01), PRICES) is None
