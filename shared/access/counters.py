"""Counts the usage of each sender within one instance.

The generic cell rate algorithm: for each key, one point in time is stored; up to it, past logs have used up
the rate. Each log moves it forward by `period / rate`. It may be later than now by at most the burst. All
values are integers (nanoseconds times the rate), so that a limit is exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from shared.access.rate import Rule

MOST_KEYS = 20_000  # per rule, about 4 MB; the least recently used are removed first
_SECOND = 1_000_000_000


class Charge(msgspec.Struct, frozen=True):
    """A rule and the key of the sender that it applies to."""

    rule: Rule
    key: str


class Over(msgspec.Struct, frozen=True):
    """A charge that exceeds its rule, and the seconds to wait."""

    charge: Charge
    seconds: float


class Counters(Protocol):
    """The storage of the counters."""

    async def take(self, charges: Sequence[Charge], logs: int) -> Over | None:
        """Add `logs` to all charges; if one exceeds its rule, change none and return the longest wait."""


class InstanceCounters:
    """Counts within this instance. Not thread-safe."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, most_keys: int = MOST_KEYS) -> None:
        """`clock` returns monotonic nanoseconds."""
        self._clock = clock
        self._most_keys = most_keys
        self._used: dict[str, dict[str, int]] = {}

    async def take(self, charges: Sequence[Charge], logs: int) -> Over | None:
        """Add `logs` to all charges; if one exceeds its rule, change none and return the longest wait."""
        clock, worst = self._clock(), None
        moved: list[tuple[dict[str, int], str, int]] = []
        for charge in charges:
            rule = charge.rule
            table = self._used.setdefault(rule.kind, {})
            now, step = clock * rule.rate, rule.period * _SECOND
            used = max(table.get(charge.key, 0), now) + logs * step
            beyond = used - now - rule.burst * step
            if beyond > 0:
                over = Over(charge, beyond / (rule.rate * _SECOND))
                worst = over if worst is None or over.seconds > worst.seconds else worst
            moved.append((table, charge.key, used))
        if worst is None:
            for table, key, used in moved:
                self._keep(table, key, used)
        return worst

    def _keep(self, table: dict[str, int], key: str, used: int) -> None:
        """Store a key's new time as the most recently used."""
        table.pop(key, None)
        table[key] = used
        if len(table) > self._most_keys:
            del table[next(iter(table))]
