"""The state of a run: objects in work, the memory they may use, and confirmed batches."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Sequence
from enum import Enum

from functions.replay.storage import Waiting
from shared.spool.format import Spooled, last_part, pending, rejected

MOST_REMEMBERED = 20_000  # objects; above, the oldest are forgotten, and their batches may be written again


_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,200}")


def stray_name(prefix: str, name: str) -> str:
    """Return the new name of an object without the spool's name format; unique per object."""
    rest = name.removeprefix(pending(prefix))
    if _PLAIN.fullmatch(rest) is None:
        rest = hashlib.sha256(name.encode()).hexdigest()
    return f"{rejected(prefix)}stray-{rest}"


class Settled(Enum):
    """The outcome of a batch in this run."""

    GONE = "gone"  # confirmed by SLS, or moved to rejected/
    STAYS = "stays"  # in the spool, for another run


class Held:
    """An object that was read; an earlier run may have processed some of its batches."""

    def __init__(self, waiting: Waiting, batches: Sequence[Spooled], gone: frozenset[int], cost: int) -> None:
        """`cost` is its share of the run's memory in bytes."""
        self.waiting, self.batches, self.cost = waiting, batches, cost
        self.open = set(range(len(batches))) - gone
        self.staying: set[int] = set()

    def settle(self, index: int, settled: Settled) -> None:
        """Record the outcome of a batch."""
        self.open.discard(index)
        if settled is Settled.STAYS:
            self.staying.add(index)

    @property
    def left(self) -> list[Spooled]:
        """Return the batches that are not gone."""
        return [self.batches[index] for index in sorted(self.open | self.staying)]

    def rejected_name(self, prefix: str, index: int) -> str:
        """Return the name of a rejected batch; the same at each attempt."""
        if len(self.batches) == 1:
            return rejected(prefix) + self.waiting.name.rpartition("/")[2]
        unique = hashlib.sha256(f"{self.waiting.name}/{index}".encode()).hexdigest()[:32]
        return rejected(prefix) + last_part(self.batches[index].received, unique)


class Remembered:
    """State that an instance keeps between runs: finished batches in objects that OSS still has.

    The key is name and ETag, because another run may have replaced the object by its remaining batches.
    """

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], set[int]] = {}
        self._whole: set[tuple[str, str]] = set()
        self.reported: set[str] = set()  # names without the spool's format that cannot be moved

    def gone(self, waiting: Waiting) -> frozenset[int]:
        """Return which of the batches in an object are gone."""
        return frozenset(self._gone.get((waiting.name, waiting.etag), ()))

    def is_whole(self, waiting: Waiting) -> bool:
        """Whether all batches in an object are gone, so that only the object must be deleted."""
        return (waiting.name, waiting.etag) in self._whole

    def add(self, waiting: Waiting, index: int) -> None:
        """Record that a batch is gone."""
        key = (waiting.name, waiting.etag)
        if key not in self._gone and len(self._gone) >= MOST_REMEMBERED:
            self._forget(next(iter(self._gone)))
        self._gone.setdefault(key, set()).add(index)

    def add_whole(self, waiting: Waiting) -> None:
        """Record that all batches in an object are gone."""
        self._whole.add((waiting.name, waiting.etag))

    def forget(self, waiting: Waiting) -> None:
        """Remove an object that was deleted or replaced."""
        self._forget((waiting.name, waiting.etag))

    def _forget(self, key: tuple[str, str]) -> None:
        self._gone.pop(key, None)
        self._whole.discard(key)


class Budget:
    """A limit on bytes in memory; requests above it wait, first come, first served."""

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> int:
        """Wait for `size` free bytes, at most the total; reserve them and return the number to give back."""
        size = min(size, self._total)
        if self._waiters or self._free < size:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((size, waiter))
            await waiter
        else:
            self._free -= size
        return size

    def give(self, size: int) -> None:
        """Release reserved bytes."""
        self._free += size
        while self._waiters and self._free >= self._waiters[0][0]:
            wanted, waiter = self._waiters.popleft()
            if not waiter.done():
                self._free -= wanted
                waiter.set_result(None)
