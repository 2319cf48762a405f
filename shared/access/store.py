"""What the counters and the client of a shared store have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PATIENCE = 0.02  # seconds that a request waits for the store


class Away(Exception):
    """The store gave no answer in time, or none that could be understood. The text says why."""


class Scripts(Protocol):
    """Runs one script in the store."""

    async def run(self, keys: Sequence[str], values: Sequence[float]) -> object:
        """Return what it returns within PATIENCE; raises Away."""
