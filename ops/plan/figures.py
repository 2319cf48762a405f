"""What was measured, as docs/performance.md shows it: a full `make bench` writes measured.json.

So the planner, `python -m benchmarks.cost` and `python -m benchmarks.outage` take the same figures.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"

# Of the bodies that were measured (benchmarks/bodies.py): 10 logs, and 4,096.
SMALL_BYTES, LARGE_BYTES = 994, 3_104_782
# What track adds to a body: the time of receipt in each log, and its tags, with a browser's User-Agent and a
# Referer of some 50 characters.
EVENT_ADDS, UPLOAD_ADDS = 22, 275
LINE = 220  # bytes of the line that track logs for a request
# The drill of docs/outage.md: batches that shared an object under load, in the custom runtime.
SHARED = 29.6
# gzip at level 1: docs/performance.md, "Compressing", deflate of 1 KB and of 100 KB.
PACKED_ALONE, PACKED_TOGETHER = 0.43, 0.33


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Medians, in µs of CPU: of a request, of a token, of a batch that replay writes."""

    date: str
    python: str
    built_in_cpu: float  # the built-in runtime's, of 1 KB and 10 logs with its write to SLS
    custom_cpu: float  # the custom runtime's, its server included
    token_cpu: float
    small_cpu: float  # the same request, by the handler alone
    large_cpu: float  # 3 MB and 4,096 logs, by the handler alone
    replay_alone: float  # from objects of one batch
    replay_together: float  # from objects of 64

    @property
    def byte_cpu(self) -> float:
        """What each further byte of a body costs, in µs."""
        return (self.large_cpu - self.small_cpu) / (LARGE_BYTES - SMALL_BYTES)

    def request_cpu(self, concurrent: bool, size: float) -> float:
        """Return the CPU seconds of an upload with a body of `size` bytes."""
        more = self.byte_cpu * max(0.0, size - SMALL_BYTES)
        return ((self.custom_cpu if concurrent else self.built_in_cpu) + more) / 1e6


def read() -> Figures:
    """Return the figures of the last full run of `make bench`."""
    return msgspec.json.decode(MEASURED.read_bytes(), type=Figures)


def write(figures: Figures) -> None:
    """Keep the figures of a run."""
    MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
