"""Whether to compress writes to SLS: CPU cost against saved bytes."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.lab import Lab
from benchmarks.processes import report_of


class Compressed(NamedTuple):
    """One body, compressed one way; sizes in bytes, CPU in µs."""

    size: str
    kind: str
    before: int
    after: int
    cpu: float

    @property
    def break_even(self) -> float:
        """The bandwidth, in Mbit/s, at which sending the saved bytes takes as long as compressing.

        On a faster link, compressing makes the request slower.
        """
        return 8 * (self.before - self.after) / self.cpu


def measure(lab: Lab, rounds: int) -> list[Compressed]:
    """Measure deflate and lz4 on three sizes."""
    command = [lab.python, "-m", "benchmarks.probes.compress", str(rounds)]
    found = report_of(command, lab.variables(lab.checkout))
    return [_read(key, values) for key, values in found.items()]


def _read(key: str, values: tuple[int, int, float]) -> Compressed:
    size, _, kind = key.partition("|")
    return Compressed(size, kind, *values)
