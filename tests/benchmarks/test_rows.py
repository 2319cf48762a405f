from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.rows import Part, Row, Wanted, take_turns


def test_things_are_measured_once_a_round_one_after_the_other() -> None:
    order: list[str] = []

    def measure(name: str) -> Mapping[str, float]:
        order.append(name)
        return {name: float(len(order))}

    rows = take_turns(
        [Wanted("a", "ms"), Wanted("b", "ms"), Wanted("left out", "ms")],
        [lambda: measure("a"), lambda: measure("b")],
        2,
    )

    assert order == ["a", "b", "a", "b"]
    assert rows == (Row("a", "ms", (1, 3)), Row("b", "ms", (2, 4)))


def test_a_ratio_is_the_median_of_the_turns_own_ratios() -> None:
    # In the second turn the machine was ten times as slow for both.
    part = Part("part", "", (Row("a", "ms", (2, 20, 3)), Row("b", "ms", (1, 10, 1))))

    assert part.ratio("a", "b") == 2
    assert part.ratio("a", "unknown") is None
    assert part.ratio("unknown", "b") is None


@pytest.mark.parametrize(
    ("values", "median", "quartiles"),
    [((5,), 5, (5, 5)), ((4, 1, 3, 2, 5), 3, (2, 4)), ((1, 2), 1.5, (1.25, 1.75))],
)
def test_a_row_has_a_median_and_quartiles(
    values: tuple[float, ...], median: float, quartiles: tuple[float, float]
) -> None:
    row = Row("a", "ms", values)

    assert (row.median, row.quartiles) == (median, quartiles)
