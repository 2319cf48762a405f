"""One run of replay: writes the waiting batches to SLS, oldest first, until the time is up.

At every moment a batch is in the spool or confirmed by SLS. An object is deleted only after SLS has confirmed
each batch in it, or the batch, if SLS will never accept it, is under rejected/. So an interrupted run, or two
runs at once, may write a batch twice but never lose one.

Objects are read in advance while batches of earlier objects are being written, many at once:

    listing (`order`) → reading (here) → `writing`, batch by batch → deleting by the hundred (`sweep`)

`pace` limits the number of concurrent reads and writes, `held.Budget` limits their memory.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import NamedTuple

from functions.replay.held import Budget, Held, Remembered, Settled, stray_name
from functions.replay.order import WHOLE, Part, oldest_first
from functions.replay.pace import Pace
from functions.replay.settings import ReplaySettings
from functions.replay.storage import Storage, StorageFailed, Waiting
from functions.replay.sweep import Sweeper
from functions.replay.tasks import BUSY, REFUSED, Left, Tasks
from functions.replay.writing import Tally, Write, Writing
from shared.deadline import Deadline
from shared.logs import log
from shared.spool.format import (
    MAX_UNPACKED,
    NewerVersion,
    NotSpooled,
    digit_of,
    pack,
    rejected,
    unpack,
    unpacked_size,
)

__all__ = ["BUSY", "DRAINED", "INCOMPLETE", "OUT_OF_TIME", "REFUSED", "Drain", "Run"]

MAX_PACKED = MAX_UNPACKED + 64 * 1024  # bytes; gzip adds little to data that it cannot compress
STEP = 2.0  # seconds that must be left when a write begins; half of them are reserved for deleting
WRITES, READS = 64, 32  # maximum of concurrent writes and reads
OBJECTS = 512  # maximum of objects in work at once, from listing to deleting
PACKED, UNPACKED = 16 * 1024 * 1024, 32 * 1024 * 1024  # maximum bytes of objects in memory: gzip, JSON

# How a run ends, besides BUSY and REFUSED.
DRAINED = "drained"  # everything was processed
INCOMPLETE = "incomplete"  # everything was tried, but something stays in the spool
OUT_OF_TIME = "out of time"


class Run(NamedTuple):
    """The result of a run."""

    ended: str
    written: int  # batches
    rejected: int  # batches, or objects without batches
    detail: str | None = None  # the reason for `ended`
    at_once: int = 0  # the limit of concurrent writes at the end
    setbacks: int = 0  # how often the limit was halved


class Drain:
    """One run over a part of the spool, in one event loop."""

    def __init__(
        self,
        settings: ReplaySettings,
        storage: Storage,
        write: Write,
        deadline: Deadline,
        *,
        remembered: Remembered,
        request_id: str,
        part: Part = WHOLE,
    ) -> None:
        """`remembered` is kept between runs."""
        self._prefix, self._storage, self._part = settings.spool.prefix, storage, part
        self._deadline, self._remembered, self._request_id = deadline, remembered, request_id
        self._step = min(STEP, deadline.remaining() / 4)
        self._sls, self._oss = Pace(WRITES, self._spare), Pace(READS, self._spare)
        self._packed, self._unpacked = Budget(PACKED), Budget(UNPACKED)
        self._places = asyncio.Semaphore(OBJECTS)
        self._tally = Tally()
        self._tasks = Tasks(self._oss, request_id)
        self._sweeper = Sweeper(storage, self._oss, remembered, self._release, self._leave)
        self._writing = Writing(
            settings,
            storage,
            write,
            lambda: deadline.within(deadline.remaining() - self._step / 2),
            tasks=self._tasks,
            pace=self._sls,
            tally=self._tally,
            settled=self._settle,
            request_id=request_id,
        )
        self._held: set[Held] = set()
        self._busy: set[str] = set()  # names of objects in work
        self._idle = asyncio.Event()
        self._left: set[int] = set()  # hashes of the names of objects that stay: not tried again in this run
        self._turn = 0

    async def run(self) -> Run:
        """Process all waiting objects, or as many as the time allows."""
        await self._tasks.run([self._rounds(), self._writing.run(), self._sweeper.run()], self._spare())
        # Running writes are not cancelled but awaited: SLS may already have stored them.
        await self._tasks.finish(lambda: self._deadline.remaining() - self._step / 4)
        ended, detail = self._conclusion()
        await self._tidy()
        tally = self._tally
        return Run(ended, tally.written, tally.rejected, detail, self._sls.at_once, self._sls.setbacks)

    def _conclusion(self) -> tuple[str, str | None]:
        if not self._tasks.over:
            return OUT_OF_TIME, None
        if end := self._tasks.conclusion():
            return end.ended, end.detail
        return (DRAINED if self._tally.stays is None else INCOMPLETE), self._tally.stays

    def _spare(self) -> float:
        """Return the seconds left in which new work may begin."""
        return self._deadline.remaining() - self._step

    # Listing and reading.

    async def _rounds(self) -> None:
        """List until a listing has no new object; objects that arrive during one are in the next."""
        while await self._round():
            pass

    async def _round(self) -> bool:
        fresh = False
        began = await self._oss.begin()
        self._oss.end()
        try:
            async for waiting in oldest_first(self._storage, self._prefix, self._part):
                if waiting.name not in self._busy and hash(waiting.name) not in self._left:
                    fresh = True
                    await self._take_up(waiting)
        except StorageFailed as failure:
            if not failure.passing:
                raise
            self._tasks.failed(self._oss, began, str(failure))
            fresh = True
        else:
            self._oss.went_well()
        while self._busy:
            self._idle.clear()
            self._sweeper.hurry()
            await self._idle.wait()
        return fresh

    async def _take_up(self, waiting: Waiting) -> None:
        await self._places.acquire()
        self._busy.add(waiting.name)
        self._turn += 1
        work = partial(self._read, waiting, self._turn)
        self._tasks.begin(work, partial(self._leave, waiting), finish=False)

    async def _read(self, waiting: Waiting, turn: int) -> None:
        """Read an object and pass its batches to `writing`."""
        if digit_of(self._prefix, waiting.name) is None:
            await self._set_stray_aside(waiting)
        elif self._remembered.is_whole(waiting):
            self._sweeper.add(waiting)
        else:
            taken = await self._packed.take(waiting.size)
            try:
                held = await self._open(waiting)
            finally:
                self._packed.give(taken)
            if held is not None:
                self._held.add(held)
                self._writing.add(held, turn)
                self._close_if_done(held)

    async def _open(self, waiting: Waiting) -> Held | None:
        """Return an object's batches; None if it is gone or was moved to rejected/. Raises Left."""
        if waiting.size > MAX_PACKED:
            reason = f"the object has {waiting.size} bytes; at most {MAX_PACKED} are read"
            await self._set_aside(waiting, reason)
            return None
        data = await self._tasks.patiently(lambda: self._storage.get(waiting))
        if data is None:
            self._release(waiting)  # another run has already deleted it
            return None
        cost = await self._unpacked.take(unpacked_size(data))
        try:
            return Held(waiting, unpack(data), self._remembered.gone(waiting), cost)
        except NotSpooled as unfit:
            self._unpacked.give(cost)
            if isinstance(unfit, NewerVersion):
                raise Left(str(unfit)) from None  # a replay of the newer release will read it
            await self._set_aside(waiting, str(unfit))
            return None

    async def _set_aside(self, waiting: Waiting, reason: str) -> None:
        """Move an object without batches to rejected/."""
        to = rejected(self._prefix) + waiting.name.rpartition("/")[2]
        if await self._tasks.patiently(lambda: self._storage.move(waiting.name, to, reason)):
            self._tally.note_rejected(waiting, reason, self._request_id)
        self._release(waiting)

    async def _set_stray_aside(self, waiting: Waiting) -> None:
        """Move an object whose name is not in the spool's format to rejected/; log a failure only once."""
        name, said = waiting.name, "moved to rejected/"
        if name not in self._remembered.reported:
            reason = f"the name is not in the spool's format: {name}"
            try:
                await self._storage.move(name, stray_name(self._prefix, name), reason)
            except StorageFailed as failure:
                self._remembered.reported.add(name)
                said = str(failure)
            log(logging.WARNING, "stray", self._request_id, name=name, detail=said)
        self._left.add(hash(name))
        self._release(waiting)

    # The outcome of objects.

    def _settle(self, held: Held, number: int, settled: Settled) -> None:
        if settled is Settled.GONE:
            self._remembered.add(held.waiting, number)
        held.settle(number, settled)
        self._close_if_done(held)

    def _close_if_done(self, held: Held) -> None:
        """Delete, replace or leave an object as soon as the outcome of each of its batches is known."""
        if held.open:
            return
        self._held.discard(held)
        self._unpacked.give(held.cost)
        if not held.staying:
            self._remembered.add_whole(held.waiting)
            self._sweeper.add(held.waiting)
        elif len(held.left) < len(held.batches):
            self._tasks.begin(partial(self._put_rest, held), partial(self._leave, held.waiting), finish=True)
        else:
            self._leave(held.waiting, self._tally.stays or "")

    async def _put_rest(self, held: Held) -> None:
        """Replace an object by its remaining batches, so that no run writes the confirmed ones again."""
        await self._tasks.patiently(lambda: self._storage.put(held.waiting.name, pack(held.left)))
        self._remembered.forget(held.waiting)
        self._leave(held.waiting, self._tally.stays or "")

    def _leave(self, waiting: Waiting, reason: str) -> None:
        """Leave an object in the spool for another run."""
        self._tally.stays = reason
        self._left.add(hash(waiting.name))
        self._release(waiting)

    def _release(self, waiting: Waiting) -> None:
        """Free an object's place for another object."""
        if waiting.name in self._busy:
            self._busy.discard(waiting.name)
            self._places.release()
        if not self._busy:
            self._idle.set()

    async def _tidy(self) -> None:
        """Delete finished objects and replace partly written ones, as far as time allows."""
        begun = [held for held in self._held if len(held.left) < len(held.batches)]
        rests = (self._storage.put(held.waiting.name, pack(held.left)) for held in begun)
        for held, failure in zip(begun, await asyncio.gather(*rests, return_exceptions=True), strict=True):
            if failure is None:
                self._remembered.forget(held.waiting)
        await self._sweeper.finish()
