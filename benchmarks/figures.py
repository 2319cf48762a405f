"""Selects the rows of a run that the planner uses, for ops/plan/measured.json."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import replay, request_cost, throughput, tokens
from benchmarks.rows import Part
from ops.plan.figures import Figures

# For each figure, its part and row; all are in µs.
ROWS = {
    "built_in_cpu": ("throughput", f"{throughput.BUILT_IN}: {throughput.CPU}"),
    "custom_cpu": ("throughput", f"{throughput.CUSTOM}: {throughput.CPU}"),
    "token_cpu": ("tokens", f"token: {tokens.CPU}"),
    "small_cpu": ("request_cost", request_cost.SMALL),
    "large_cpu": ("request_cost", request_cost.LARGE),
    "replay_alone": ("replay", f"{replay.ALONE}: {replay.CPU}"),
    "replay_together": ("replay", f"{replay.TOGETHER}: {replay.CPU}"),
}


def figures_of(parts: Sequence[Part], date: str, python: str) -> Figures:
    """Return the medians of a full run. Raises ValueError if a row is missing."""
    return Figures(date, python, **{name: _median(parts, *place) for name, place in ROWS.items()})


def _median(parts: Sequence[Part], part: str, name: str) -> float:
    rows = [found.row(name) for found in parts if found.name == part]
    medians = [row.median for row in rows if row is not None]
    if len(medians) != 1:
        raise ValueError(f"{part} has no row {name}")
    return round(medians[0], 3)
