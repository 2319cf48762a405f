"""Deletes objects soon after all their batches are confirmed, in groups."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection

from functions.replay.held import Remembered
from functions.replay.pace import Pace
from functions.replay.storage import Storage, StorageFailed, Waiting

MOST = 1000  # names in one DeleteMultipleObjects (OSS documentation)
ENOUGH = 100  # objects that are deleted immediately
SOON = 0.2  # seconds that fewer objects wait; until then another run may write their batches again


class Sweeper:
    """Deletes objects in groups."""

    def __init__(
        self,
        storage: Storage,
        pace: Pace,
        remembered: Remembered,
        deleted: Callable[[Waiting], None],
        kept: Callable[[Waiting, str], None],
    ) -> None:
        """`deleted` is called for each deleted object, `kept` with a reason for one that stays."""
        self._storage, self._pace, self._remembered = storage, pace, remembered
        self._deleted, self._kept = deleted, kept
        self._done: list[Waiting] = []
        self._enough = asyncio.Event()

    def add(self, waiting: Waiting) -> None:
        """Add an object to delete."""
        self._done.append(waiting)
        if len(self._done) >= ENOUGH:
            self._enough.set()

    def hurry(self) -> None:
        """Delete without waiting for more objects."""
        self._enough.set()

    async def run(self) -> None:
        """Delete until cancelled. Raises StorageFailed if deleting is refused, TooMany."""
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._enough.wait(), SOON)
            self._enough.clear()
            while self._done:
                await self._delete_some()

    async def finish(self) -> None:
        """Delete the rest without retries; objects that cannot be deleted are remembered."""
        while self._done:
            some, self._done = self._done[:MOST], self._done[MOST:]
            try:
                gone = await self._storage.delete([one.name for one in some])
            except StorageFailed:
                return
            self._tell(some, gone)

    async def _delete_some(self) -> None:
        began = await self._pace.begin()
        some = self._done[:MOST]
        try:
            gone = await self._storage.delete([one.name for one in some])
        except StorageFailed as failure:
            if not failure.passing:
                raise  # ends the run: further objects could not be deleted either
            self._pace.set_back(began, str(failure))
            return
        finally:
            self._pace.end()
        self._pace.went_well()
        del self._done[: len(some)]
        self._tell(some, gone)

    def _tell(self, some: list[Waiting], gone: Collection[str]) -> None:
        for waiting in some:
            if waiting.name in gone:
                self._remembered.forget(waiting)
                self._deleted(waiting)
            else:
                self._kept(waiting, "OSS did not delete an object")
