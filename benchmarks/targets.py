"""The targets for the figures, and whether they are met."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.attacks import BESIDE, LOST, PEAK, WORST
from benchmarks.cold_start import BARE, SAMPLE
from benchmarks.cold_start import FLOOR as LEAST
from benchmarks.http_floor import BOTH, TRACK
from benchmarks.lab import FUNCTIONS
from benchmarks.replay import ALONE, TOGETHER
from benchmarks.replay import MEMORY as REPLAYS
from benchmarks.replay import RATE as BATCHES
from benchmarks.request_cost import FLOOR, LARGE, LIMIT, MEMORY, PLAIN, SMALL, TICKETS
from benchmarks.rows import Part
from benchmarks.throughput import BUILT_IN, CPU, CUSTOM, ERRORS, RATE, SLOWEST

# As deployed: the package, with the time stamps from unpacking.
_DEPLOYED = "package, zipped and unzipped"


class Target(NamedTuple):
    """One figure and its bound: an upper bound, or with `at_least` a lower bound."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is within its bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def compare(parts: Sequence[Part]) -> list[Target]:
    """Return all targets whose figures were measured."""
    judges = {
        "cold_start": _starts,
        "request_cost": _requests,
        "throughput": _throughput,
        "http_floor": _http_floor,
        "attacks": _attacks,
        "replay": _replay,
    }
    return [target for part in parts if part.name in judges for target in judges[part.name](part)]


def _starts(part: Part) -> Iterator[Target]:
    unit = part.rows[0].unit
    measure = "instructions" if unit == "M" else "CPU time"
    for name, reference, bound in (("track", BARE, 6.0), ("track", SAMPLE, 0.15), ("token", SAMPLE, 0.25)):
        ratio = part.ratio(f"{name}, {_DEPLOYED}", reference)
        if ratio is not None:
            yield Target(f"{name}, deployed, against {reference} ({measure})", ratio, bound, "×")
    floor = part.ratio(f"track, {_DEPLOYED}", LEAST)
    if floor is not None:
        yield Target(f"track, deployed, against its floor ({measure})", floor, 1.1, "×")
    packages = [
        part.ratio(f"{name}, {package}", f"{name}, checkout")
        for name in FUNCTIONS
        for package in ("package", _DEPLOYED)
    ]
    if worst := max(_known(packages), default=None):
        yield Target(f"the packages against the warm checkout, the worst ({measure})", worst, 1.15, "×")


def _requests(part: Part) -> Iterator[Target]:
    floor = part.ratio(LARGE, f"{LARGE}: {FLOOR}")
    if floor is not None:
        yield Target(f"{LARGE}: CPU against its floor", floor, 1.8, "×")
    for name, bound in ((TICKETS, 30), (LIMIT, 10)):
        row, plain = part.row(name), part.row(PLAIN)
        if row is not None and plain is not None:
            more = statistics.median(map(operator.sub, row.values, plain.values))
            yield Target(f"{name}, beyond the same without", more, bound, "µs")
    yield from _median(part, f"{LARGE}: {MEMORY}", 96)
    yield from _median(part, SMALL, 250)


def _throughput(part: Part) -> Iterator[Target]:
    ratio = part.ratio(f"{CUSTOM}: {RATE}", f"{BUILT_IN}: {RATE}")
    if ratio is not None:
        yield Target(f"{CUSTOM}: {RATE}, against the {BUILT_IN}", ratio, 20, "×", at_least=True)
    for what, bound in ((CPU, 350), (SLOWEST, 100), (ERRORS, 0)):
        yield from _median(part, f"{CUSTOM}: {what}", bound)


def _http_floor(part: Part) -> Iterator[Target]:
    ratio = part.ratio(TRACK, BOTH)
    if ratio is not None:
        yield Target(f"{TRACK}: CPU a POST of 1 KB, against its floor", ratio, 1.8, "×")


def _attacks(part: Part) -> Iterator[Target]:
    yield from _median(part, PEAK, 450)
    yield from _median(part, LOST, 0)
    for beside in BESIDE:
        yield from _median(part, f"{beside}: {SLOWEST}", 100)
    yield from _median(part, WORST, 4)


def _replay(part: Part) -> Iterator[Target]:
    for case in (ALONE, TOGETHER):
        if row := part.row(f"{case}: {BATCHES}"):
            yield Target(f"replay, {row.name}", row.median, 1_000, row.unit, at_least=True)
        yield from _median(part, f"{case}: {REPLAYS}", 200)


def _median(part: Part, name: str, bound: float) -> Iterator[Target]:
    row = part.row(name)
    if row is not None:
        yield Target(name, row.median, bound, row.unit)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
