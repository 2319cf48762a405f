"""The measured figures of docs/performance.md: a full `make bench` writes them to measured.json.

The planner, `python -m benchmarks.cost` and `python -m benchmarks.outage` all use them.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"

# Sizes of the measured bodies (benchmarks/bodies.py): with 10 logs, and with 4,096.
SMALL_BYTES, LARGE_BYTES = 994, 3_104_782
# Bytes that track adds: to each log its time of receipt; to each body the tags, with a browser's User-Agent
# and a Referer of about 50 characters.
EVENT_ADDS, UPLOAD_ADDS = 22, 275
LINE = 220  # bytes of track's log line for a request
# Batches per object under load in the custom runtime, from the drill of docs/outage.md.
SHARED = 29.6
# gzip at level 1: docs/performance.md, "Compressing", deflate of 1 KB and of 100 KB.
PACKED_ALONE, PACKED_TOGETHER = 0.43, 0.33


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Medians of CPU time in µs: per request, per token, per batch that replay writes."""

    date: str
    python: str
    built_in_cpu: float  # built-in runtime: a request of 1 KB and 10 logs, with its write to SLS
    custom_cpu: float  # custom runtime: the same request, including the server
    token_cpu: float
    small_cpu: float  # the same request, only the handler
    large_cpu: float  # 3 MB and 4,096 logs, only the handler
    replay_alone: float  # from objects of one batch
    replay_together: float  # from objects of 64

    @property
    def byte_cpu(self) -> float:
        """The CPU time of each additional byte of a body, in µs."""
        return (self.large_cpu - self.small_cpu) / (LARGE_BYTES - SMALL_BYTES)

    def request_cpu(self, concurrent: bool, size: float) -> float:
        """Return the CPU seconds of an upload with a body of `size` bytes."""
        more = self.byte_cpu * max(0.0, size - SMALL_BYTES)
        return ((self.custom_cpu if concurrent else self.built_in_cpu) + more) / 1e6


def read() -> Figures:
    """Return the figures of the last full run of `make bench`."""
    return msgspec.json.decode(MEASURED.read_bytes(), type=Figures)


def write(figures: Figures) -> None:
    """Store the figures of a run."""
    MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
