from __future__ import annotations

import pytest

from benchmarks.cost import break_even, table
from ops.plan.compute import BUILT_IN, CUSTOM, Times, built_in_seconds, custom_seconds, prices

TIMES = Times(waiting=0.01, built_in=0.0007, custom=0.00035)
PRICES = prices()


def test_the_table_adds_the_calls_and_the_seconds_at_the_list_price() -> None:
    first, *_, last = table(TIMES, PRICES, [1, 10])

    assert first.calls == pytest.approx(0.15)  # a million calls at 75 CU per 10,000
    billed = 1e6 * 0.012 * (0.35 + 0.15 * 0.5) * 0.00002
    assert first.built_in == pytest.approx(0.15 + billed)
    assert last.built_in == pytest.approx(first.built_in / 10)


def test_the_custom_runtime_is_cheaper_from_its_break_even_on_and_more_expensive_before() -> None:
    rate = break_even(TIMES, PRICES)
    assert rate is not None

    def dearer(rate: float) -> bool:
        own = built_in_seconds(TIMES, BUILT_IN) * BUILT_IN.a_second(PRICES)
        return custom_seconds(TIMES, CUSTOM, rate)[0] * CUSTOM.a_second(PRICES) > own

    assert not dearer(rate)
    assert dearer(rate / 1.05)


def test_where_it_saves_nothing_there_is_no_break_even() -> None:
    assert break_even(Times(waiting=0, built_in=0.0001, custom=0.01), PRICES) is None
