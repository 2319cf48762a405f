"""A measurement: rows that were measured in alternating turns, so that they can be compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Measure = Callable[[], Mapping[str, float]]
"""Measures one turn: returns a value for each of its rows, in the row's unit."""


class Row(NamedTuple):
    """One figure: a value for each turn, and the rows to compare it with."""

    name: str
    unit: str
    values: tuple[float, ...]
    against: tuple[str, ...] = ()

    @property
    def median(self) -> float:
        """The median of the turns."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third quartile."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third


class Part(NamedTuple):
    """The rows of one command, from the same run."""

    name: str
    title: str
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """Return the row of this name; None if it was left out."""
        return next((row for row in self.rows if row.name == name), None)

    def ratio(self, name: str, reference: str) -> float | None:
        """Return the median of the quotients of two rows, each from the same turn."""
        row, other = self.row(name), self.row(reference)
        if row is None or other is None:
            return None
        return statistics.median(mine / theirs for mine, theirs in zip(row.values, other.values, strict=True))


class Wanted(NamedTuple):
    """A row to measure."""

    name: str
    unit: str
    against: tuple[str, ...] = ()


def take_turns(wanted: Sequence[Wanted], measures: Sequence[Measure], rounds: int) -> tuple[Row, ...]:
    """Measure everything once per round, so that a busy machine slows all rows equally.

    A row without values is left out.
    """
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for measure in measures:
            for name, value in measure().items():
                found.setdefault(name, []).append(value)
    return tuple(Row(*row[:2], tuple(found[row.name]), row.against) for row in wanted if row.name in found)
