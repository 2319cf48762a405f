"""One run of replay: what waits is written to SLS, oldest first, for as long as there is time.

At every moment a batch is in the spool or confirmed by SLS. It is deleted after SLS has confirmed it, and
moved by copying before deleting, so a run that ends anywhere, or two at once, may write a batch twice and
never lose one.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, MutableSet
from typing import NamedTuple

from functions.replay.settings import ReplaySettings
from functions.replay.storage import Storage, StorageFailed, Waiting
from functions.replay.write import Fate, Verdict
from shared.deadline import Deadline
from shared.logs import log, stack
from shared.spool.format import MAX_UNPACKED, NotSpooled, Spooled, pending, rejected, unpack

MAX_AGE = 7 * 24 * 3600  # seconds; SLS takes no older log (SLS documentation, "PutLogs")
MAX_PACKED = MAX_UNPACKED + 64 * 1024  # bytes; gzip adds little to what it cannot shrink
PAUSES = (0.2, 0.6, 1.8, 5.0, 15.0)  # seconds after each failure in a row, varied by half; one more ends it
ATTEMPTS = 2  # at an object, before the next is tried
STEP = 2.0  # seconds that there must be to begin with an object; half of them are kept for deleting it
LONGEST_WRITE = 10.0  # seconds

Write = Callable[[Spooled, Deadline], Verdict]


class Run(NamedTuple):
    """What a run came to."""

    ended: str  # one of the words below
    written: int
    rejected: int
    detail: str | None = None  # why it ended so


DRAINED = "drained"  # everything has been dealt with
INCOMPLETE = "incomplete"  # everything has been tried, and something stays
OUT_OF_TIME = "out of time"
BUSY = "busy"  # SLS or OSS has trouble that outlasted the pauses
REFUSED = "refused"  # until something is set right


class _Ended(Exception):
    """The run is over before everything has been tried."""

    def __init__(self, ended: str, detail: str | None = None) -> None:
        super().__init__(ended)
        self.ended = ended
        self.detail = detail


class _Later(Exception):
    """An object cannot be dealt with just now; the text says why."""


class Drain:
    """One run over the spool."""

    def __init__(
        self,
        settings: ReplaySettings,
        storage: Storage,
        write: Write,
        deadline: Deadline,
        *,
        confirmed: MutableSet[str],
        request_id: str,
    ) -> None:
        """`confirmed` outlives the run: names of what SLS has confirmed and OSS would not yet delete."""
        self._settings = settings
        self._storage = storage
        self._write = write
        self._deadline = deadline
        self._confirmed = confirmed
        self._request_id = request_id
        self._step = min(STEP, deadline.remaining() / 4)
        self._closed: set[str] = set()  # Logstores that take nothing in this run
        self._failures = 0  # in a row
        self._written = self._rejected = 0
        self._stays: str | None = None  # why something does, the last such reason

    def run(self) -> Run:
        """Deal with everything that waits, or with as much as there is time for."""
        try:
            for waiting in self._all():
                self._settle(waiting)
        except _Ended as end:
            return Run(end.ended, self._written, self._rejected, end.detail)
        ended = DRAINED if self._stays is None else INCOMPLETE
        return Run(ended, self._written, self._rejected, self._stays)

    def _all(self) -> Iterator[Waiting]:
        """Yield what waits, oldest first, what comes meanwhile included."""
        after = ""
        while page := self._page(after):
            # A name that ends with a slash is a folder, as OSS's console makes them.
            yield from (waiting for waiting in page if not waiting.name.endswith("/"))
            after = page[-1].name

    def _page(self, after: str) -> list[Waiting]:
        while True:
            self._check_time()
            try:
                return self._storage.page(pending(self._settings.spool.prefix), after)
            except StorageFailed as failure:
                if not failure.passing:
                    raise _Ended(REFUSED, str(failure)) from failure
                self._failed(str(failure))

    def _settle(self, waiting: Waiting) -> None:
        """Deal with one object, now or at the second attempt, or leave it and go on."""
        for _ in range(ATTEMPTS):
            self._check_time()
            try:
                self._deal_with(waiting)
            except (_Later, StorageFailed) as failure:
                reason = str(failure)
            except _Ended:
                raise
            except Exception as error:  # noqa: BLE001 - one object's trouble must not hold up all others
                log(logging.ERROR, "unforeseen", self._request_id, name=waiting.name, detail=stack(error))
                reason = type(error).__name__
            else:
                self._failures = 0
                return
            self._failed(reason)
        self._stays = reason

    def _deal_with(self, waiting: Waiting) -> None:
        name = waiting.name
        if name not in self._confirmed:
            batch = self._fetch(waiting)
            if batch is None or not self._confirm(name, batch):
                return
            self._confirmed.add(name)
            self._written += 1
        self._storage.delete(name)
        self._confirmed.discard(name)

    def _fetch(self, waiting: Waiting) -> Spooled | None:
        """Return a batch that may be written; None where the object is gone, or has been rejected."""
        try:
            return self._read(waiting)
        except NotSpooled as unfit:
            self._reject(waiting.name, str(unfit))
            return None

    def _read(self, waiting: Waiting) -> Spooled | None:
        if waiting.size > MAX_PACKED:
            raise NotSpooled(f"the object has {waiting.size} bytes; at most {MAX_PACKED} are read")
        data = self._storage.get(waiting)
        if data is None:
            return None  # another run was faster
        batch = unpack(data)
        self._check_fit(batch)
        return batch

    def _check_fit(self, batch: Spooled) -> None:
        """Raise NotSpooled for a batch that this function may not write, or that is too old for SLS."""
        if batch.project != self._settings.project:
            raise NotSpooled("the batch is for another Project than SLS_PROJECT")
        if batch.logstore not in self._settings.logstores:
            raise NotSpooled("the batch is for a Logstore that is not among SLS_LOGSTORES")
        if time.time() - batch.received > MAX_AGE:
            raise NotSpooled("the batch is older than 7 days, which SLS does not take")

    def _confirm(self, name: str, batch: Spooled) -> bool:
        """Write a batch; False where it stays, or has been rejected. Raises _Later, _Ended."""
        if batch.logstore in self._closed:
            return False  # and `_stays` has the reason
        seconds = min(self._deadline.remaining() - self._step / 2, LONGEST_WRITE)
        fate, reason = self._write(batch, self._deadline.within(seconds))
        if fate is Fate.WRITTEN:
            return True
        if fate is Fate.LATER:
            raise _Later(reason)
        if fate is Fate.UNFIT:
            self._reject(name, reason)
        else:
            self._close(fate, batch.logstore, reason)
        return False

    def _close(self, fate: Fate, logstore: str, reason: str) -> None:
        """Ask no more for a Logstore, or for any: what is wrong is outside the batch, which stays."""
        log(logging.ERROR, "cannot replay", self._request_id, logstore=logstore, detail=reason)
        self._closed.add(logstore)
        self._stays = reason
        if fate is Fate.SETUP or self._closed == self._settings.logstores:
            raise _Ended(REFUSED, reason)

    def _reject(self, name: str, reason: str) -> None:
        prefix = self._settings.spool.prefix
        if self._storage.move(name, rejected(prefix) + name.rpartition("/")[2], reason):
            self._rejected += 1
            log(logging.ERROR, "rejected", self._request_id, name=name, detail=reason)

    def _check_time(self) -> None:
        if self._deadline.remaining() < self._step:
            raise _Ended(OUT_OF_TIME)

    def _failed(self, reason: str) -> None:
        """Pause after a failure, longer after each in a row; ends the run after the last pause."""
        log(logging.WARNING, "not yet", self._request_id, detail=reason)
        if self._failures == len(PAUSES):
            raise _Ended(BUSY, reason)
        seconds = PAUSES[self._failures] * random.uniform(0.5, 1.5)
        if seconds > self._deadline.remaining() - self._step:
            raise _Ended(BUSY, reason)
        self._failures += 1
        time.sleep(seconds)
