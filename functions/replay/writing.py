"""Writes batches to SLS in order, many at once, and handles each result."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from functions.replay.held import Held, Settled
from functions.replay.pace import Pace
from functions.replay.settings import ReplaySettings
from functions.replay.storage import Storage, Waiting
from functions.replay.tasks import ATTEMPTS, REFUSED, Ended, Left, Tasks
from functions.replay.write import Fate, WriteResult
from shared.deadline import Deadline
from shared.logs import log
from shared.spool.format import Spooled, pack

MAX_AGE = 7 * 24 * 3600  # seconds; SLS refuses older logs (SLS documentation, "PutLogs")
MAX_AHEAD = 15 * 60  # seconds; SLS refuses logs further in the future, as after a clock jump
LONGEST_WRITE = 10.0  # seconds

Write = Callable[[Spooled, Deadline], Awaitable[WriteResult]]


@dataclass
class Tally:
    """The counters of a run."""

    written: int = 0  # batches
    rejected: int = 0  # batches, or objects without batches
    stays: str | None = None  # why batches stay: the last reason

    def note_rejected(self, waiting: Waiting, reason: str, request_id: str) -> None:
        """Count and log a rejected batch."""
        self.rejected += 1
        log(logging.ERROR, "rejected", request_id, name=waiting.name, detail=reason)


class _Job(NamedTuple):
    """A batch to write. Jobs are sorted by object, then by position in it."""

    turn: int
    number: int  # within its object
    attempt: int
    held: Held

    @property
    def batch(self) -> Spooled:
        return self.held.batches[self.number]


class Writing:
    """The batches of one run; `settled` gets the outcome of each, by object and number."""

    def __init__(
        self,
        settings: ReplaySettings,
        storage: Storage,
        write: Write,
        seconds: Callable[[], Deadline],
        *,
        tasks: Tasks,
        pace: Pace,
        tally: Tally,
        settled: Callable[[Held, int, Settled], None],
        request_id: str,
    ) -> None:
        """`seconds` returns the time for a write that begins now."""
        self._settings, self._storage, self._write, self._seconds = settings, storage, write, seconds
        self._tasks, self._pace, self._tally, self._settled = tasks, pace, tally, settled
        self._request_id = request_id
        self._jobs: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
        self._closed: dict[str, str] = {}  # Logstores that accept nothing in this run, with the reason

    def add(self, held: Held, turn: int) -> None:
        """Add the batches of an object, the `turn`-th of the run."""
        for number in sorted(held.open):
            self._jobs.put_nowait(_Job(turn, number, 1, held))

    async def run(self) -> None:
        """Start one batch after the other, as fast as the pace allows."""
        while True:
            self._jobs.put_nowait(await self._jobs.get())  # wait for a job; it is chosen after the pace
            began = await self._pace.begin()
            if self._tasks.over:
                return
            job = self._jobs.get_nowait()
            if self._may_be_written(job):
                work = partial(self._write_one, job, began)
                self._tasks.begin(work, partial(self._stay, job), finish=True)
            else:
                self._pace.end()

    def _may_be_written(self, job: _Job) -> bool:
        """Whether a batch may be written; otherwise its outcome has been recorded."""
        if reason := self._misfit(job.batch):
            self._tasks.begin(partial(self._reject, job, reason), partial(self._stay, job), finish=True)
        elif job.batch.received - time.time() > MAX_AHEAD:
            self._stay(job, "a batch's time of receipt is in the future: a clock is wrong")
        elif reason := self._closed.get(job.batch.logstore):
            self._stay(job, reason)
        else:
            return True
        return False

    def _misfit(self, batch: Spooled) -> str | None:
        """Return why this function must not write a batch, None if it may."""
        if batch.project != self._settings.project:
            return "the batch is for another Project than SLS_PROJECT"
        if batch.logstore not in self._settings.logstores:
            return "the batch is for a Logstore that is not in SLS_LOGSTORES"
        if time.time() - batch.received > MAX_AGE:
            return "the batch is older than 7 days, which SLS refuses"
        return None

    async def _write_one(self, job: _Job, began: float) -> None:
        try:
            verdict = await self._write(job.batch, self._seconds().within(LONGEST_WRITE))
        except Exception as error:  # noqa: BLE001 - one batch's error must not stop all others
            self._tasks.unforeseen(error)
            verdict = WriteResult(Fate.LATER, type(error).__name__)
        try:
            await self._act(job, began, verdict)
        finally:
            self._pace.end()

    async def _act(self, job: _Job, began: float, verdict: WriteResult) -> None:
        fate, reason = verdict
        if fate is Fate.WRITTEN:
            self._pace.went_well()
            self._tally.written += 1
            self._settled(job.held, job.number, Settled.GONE)
        elif fate is Fate.UNFIT:
            self._pace.went_well()
            await self._reject(job, reason)
        elif fate in (Fate.THROTTLED, Fate.LATER):
            self._again(job, fate, reason)
            self._tasks.failed(self._pace, began, reason)
        else:
            self._close(fate, job.batch.logstore, reason)
            self._stay(job, reason)

    def _again(self, job: _Job, fate: Fate, reason: str) -> None:
        """Retry a batch when the pace allows; after ATTEMPTS errors it stays in the spool."""
        attempt = job.attempt + (fate is Fate.LATER)
        if attempt > ATTEMPTS:
            self._stay(job, reason)
        else:
            self._jobs.put_nowait(job._replace(attempt=attempt))

    def _close(self, fate: Fate, logstore: str, reason: str) -> None:
        """Stop writing to a Logstore, or to all: the problem is not in the batch, which stays."""
        if logstore not in self._closed:
            log(logging.ERROR, "cannot replay", self._request_id, logstore=logstore, detail=reason)
        self._closed[logstore] = reason
        if fate is Fate.SETUP or self._closed.keys() == self._settings.logstores:
            self._tasks.end(Ended(REFUSED, reason))

    async def _reject(self, job: _Job, reason: str) -> None:
        """Move a batch to rejected/; if its object has several batches, write only this one there."""
        held, name = job.held, job.held.waiting.name
        to = held.rejected_name(self._settings.spool.prefix, job.number)
        try:
            if len(held.batches) == 1:
                await self._tasks.patiently(lambda: self._storage.move(name, to, reason))
            else:
                await self._tasks.patiently(lambda: self._storage.put(to, pack([job.batch]), reason))
        except Left as failure:
            self._stay(job, str(failure))
        else:
            self._tally.note_rejected(held.waiting, reason, self._request_id)
            self._settled(held, job.number, Settled.GONE)

    def _stay(self, job: _Job, reason: str) -> None:
        self._tally.stays = reason
        self._settled(job.held, job.number, Settled.STAYS)
