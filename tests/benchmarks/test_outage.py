from __future__ import annotations

import pytest

from benchmarks.outage import PAGE, PARTS, rows, tables
from ops.plan.compute import prices
from ops.plan.outage import (
    DUTY,
    GROUPING,
    MOST_PARTS,
    OLDEST,
    REPLAY,
    SHARD,
    Measured,
    batches_a_second,
    drain,
)
from ops.plan.show import spoken

MEASURED = Measured(alone=350e-6, together=100e-6, shared=20)
PRICES = prices()


def test_the_share_of_a_core_and_the_kind_of_objects_limit_an_instance() -> None:
    assert batches_a_second(GROUPING, MEASURED) == pytest.approx(1000)
    assert batches_a_second(GROUPING + 1, MEASURED) == pytest.approx(3500)


def test_it_writes_no_faster_than_its_writes_at_once_let_it() -> None:
    assert batches_a_second(1, Measured(alone=1e-9, together=1e-9)) == pytest.approx(6400)


def test_parts_divide_the_time_and_not_the_price() -> None:
    one, four = (drain(3600, 100, parts, MEASURED, PRICES) for parts in (1, 4))
    assert one.seconds == pytest.approx(360 / DUTY)
    assert four.seconds == pytest.approx(one.seconds / 4)
    assert four.dollars == pytest.approx(one.dollars)
    assert one.dollars == pytest.approx(360 * REPLAY.a_second(PRICES) * PRICES.unit)


def test_shards_are_those_that_the_writes_take() -> None:
    assert drain(1, 100, 1, MEASURED, PRICES).shards == 1000 / SHARD
    assert drain(1, 100, 16, MEASURED, PRICES).shards == 16_000 / SHARD


def test_what_outlasts_seven_days_is_marked() -> None:
    slow = Measured(alone=1.0, together=1.0)
    assert not drain(86_400, 20_000, 1, slow, PRICES).in_time
    assert sum("!" in cell for row in rows(slow, PRICES) for cell in row) > 0
    assert not [cell for row in rows(MEASURED, PRICES) for cell in row if "!" in cell]
    assert OLDEST == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (119, "119 s"),
        (120, "2.0 min"),
        (7200, "2.0 h"),
        (172_800, "2.0 days"),
        (86_400_000, "> 1,000 days"),
    ],
)
def test_a_time_is_shown_in_the_largest_suitable_unit(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


def test_the_page_has_the_tables_of_the_usual_figures() -> None:
    assert f"<!-- outage -->\n{tables(Measured.usual(), PRICES)}\n<!-- /outage -->" in PAGE.read_text()


def test_its_most_parts_are_those_that_can_be_deployed() -> None:
    assert PARTS[-1] == MOST_PARTS
