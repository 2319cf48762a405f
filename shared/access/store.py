"""Types that the counters and the client of a shared store have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PATIENCE = 0.02  # seconds that a request waits for the store


class Away(Exception):
    """The store did not answer in time, or its answer is invalid. The text has the reason."""


class Scripts(Protocol):
    """Runs one script in the store."""

    async def run(self, keys: Sequence[str], values: Sequence[float]) -> object:
        """Return its result within PATIENCE. Raises Away."""
