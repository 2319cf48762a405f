"""How much memory processes hold, and whether that grows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

GROWTH = 1.25  # times what a process had may be had at the end, and
ALLOWANCE = 16.0  # MB more: an interpreter's heap has no fixed size
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> float | None:
    """Return a process's resident memory in MB; None where it has ended, or the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
    except (OSError, IndexError, ValueError):
        return None


class Memory:
    """The largest process of each kind, over the course of a run."""

    def __init__(self) -> None:
        self._samples: dict[str, list[float]] = {}

    def sample(self, name: str, pids: Iterable[int]) -> None:
        """Look at the processes of one kind."""
        found = [size for pid in pids if (size := resident(pid)) is not None]
        if found:
            self._samples.setdefault(name, []).append(max(found))

    def grown(self) -> list[str]:
        """Return which kinds hold more in the last third than GROWTH and ALLOWANCE let them."""
        return [
            f"memory of {name} grew from {early:.0f} to {late:.0f} MB"
            for name, (early, late) in self._thirds().items()
            if late > early * GROWTH + ALLOWANCE
        ]

    def __str__(self) -> str:
        return ", ".join(f"{name} {early:.0f} → {late:.0f}" for name, (early, late) in self._thirds().items())

    def _thirds(self) -> dict[str, tuple[float, float]]:
        """Return the most in the first third of the samples and in the last, in MB."""
        thirds = {}
        for name, samples in self._samples.items():
            third = max(len(samples) // 3, 1)
            thirds[name] = (max(samples[:third]), max(samples[-third:]))
        return thirds


def highest(pid: int | None = None) -> float:
    """Return the most resident memory that a process has had, by default this one, in MB; 0 if untold."""
    try:
        status = Path(f"/proc/{pid or 'self'}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1e3
    except (OSError, IndexError, ValueError):
        return 0.0
