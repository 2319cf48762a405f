"""What a run holds: objects whose batches are under way, the memory they may take, and what is confirmed."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Sequence
from enum import Enum

from functions.replay.storage import Waiting
from shared.spool.format import Spooled, last_part, pending, rejected

MOST_REMEMBERED = 20_000  # objects; beyond, the oldest are forgotten, and would be written once more


_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,200}")


def stray_name(prefix: str, name: str) -> str:
    """Return where an object goes whose name is none of the spool's; never the same for two of them."""
    rest = name.removeprefix(pending(prefix))
    if _PLAIN.fullmatch(rest) is None:
        rest = hashlib.sha256(name.encode()).hexdigest()
    return f"{rejected(prefix)}stray-{rest}"


class Settled(Enum):
    """What has become of a batch in this run."""

    GONE = "gone"  # confirmed by SLS, or moved to rejected/
    STAYS = "stays"  # in the spool, for another run


class Held:
    """An object that has been read, some of whose batches may have been dealt with by an earlier run."""

    def __init__(self, waiting: Waiting, batches: Sequence[Spooled], gone: frozenset[int], cost: int) -> None:
        """`cost` is the bytes that it takes of the run's memory."""
        self.waiting, self.batches, self.cost = waiting, batches, cost
        self.open = set(range(len(batches))) - gone
        self.staying: set[int] = set()

    def settle(self, index: int, settled: Settled) -> None:
        """Note what has become of a batch."""
        self.open.discard(index)
        if settled is Settled.STAYS:
            self.staying.add(index)

    @property
    def left(self) -> list[Spooled]:
        """The batches that are not gone."""
        return [self.batches[index] for index in sorted(self.open | self.staying)]

    def rejected_name(self, prefix: str, index: int) -> str:
        """Return what a batch is called that SLS will never take; the same at each attempt."""
        if len(self.batches) == 1:
            return rejected(prefix) + self.waiting.name.rpartition("/")[2]
        unique = hashlib.sha256(f"{self.waiting.name}/{index}".encode()).hexdigest()[:32]
        return rejected(prefix) + last_part(self.batches[index].received, unique)


class Remembered:
    """What outlives a run in its instance: batches that are gone from objects which OSS still has.

    Kept by name and content, since another run may have put the object anew with what it had left.
    """

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], set[int]] = {}
        self._whole: set[tuple[str, str]] = set()
        self.reported: set[str] = set()  # names that are none of the spool's and cannot be moved

    def gone(self, waiting: Waiting) -> frozenset[int]:
        """Return which of the batches in an object are gone."""
        return frozenset(self._gone.get((waiting.name, waiting.etag), ()))

    def is_whole(self, waiting: Waiting) -> bool:
        """Whether all of them are, and only the object is still to be deleted."""
        return (waiting.name, waiting.etag) in self._whole

    def add(self, waiting: Waiting, index: int) -> None:
        """Note that a batch is gone."""
        key = (waiting.name, waiting.etag)
        if key not in self._gone and len(self._gone) >= MOST_REMEMBERED:
            self._forget(next(iter(self._gone)))
        self._gone.setdefault(key, set()).add(index)

    def add_whole(self, waiting: Waiting) -> None:
        """Note that all batches in an object are gone."""
        self._whole.add((waiting.name, waiting.etag))

    def forget(self, waiting: Waiting) -> None:
        """Forget an object that is no more as it was."""
        self._forget((waiting.name, waiting.etag))

    def _forget(self, key: tuple[str, str]) -> None:
        self._gone.pop(key, None)
        self._whole.discard(key)


class Budget:
    """Bytes that may be held at once; who needs more waits, first come, first served."""

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> int:
        """Wait until so much is free, take it, and return what to give back: what is larger gets all."""
        size = min(size, self._total)
        if self._waiters or self._free < size:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((size, waiter))
            await waiter
        else:
            self._free -= size
        return size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._free += size
        while self._waiters and self._free >= self._waiters[0][0]:
            wanted, waiter = self._waiters.popleft()
            if not waiter.done():
                self._free -= wanted
                waiter.set_result(None)
