"""The tasks of one run: their start, their errors, and the end of the run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from functions.replay.pace import Pace, TooMany
from functions.replay.storage import StorageFailed
from shared.logs import log, stack

ATTEMPTS = 2  # per object or batch, before it is left to another run
BUSY = "busy"  # errors of SLS or OSS that lasted longer than the pauses
REFUSED = "refused"  # permanently, until a configuration is corrected

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]


class Ended(Exception):
    """The run ends before everything was tried."""

    def __init__(self, ended: str, detail: str | None = None) -> None:
        super().__init__(ended)
        self.ended = ended
        self.detail = detail


class Left(Exception):
    """An object or a batch stays in the spool; the text has the reason."""


class Tasks:
    """The running tasks of one run. Use it in one event loop only."""

    def __init__(self, oss: Pace, request_id: str) -> None:
        """`oss` is the pace of requests to OSS."""
        self._oss, self._request_id = oss, request_id
        self._breakable: set[asyncio.Task[None]] = set()
        self._finishing: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def over(self) -> bool:
        """Whether the run must end."""
        return self._over.done()

    def end(self, error: BaseException | None) -> None:
        """End the run; the first reason counts. None if everything was processed."""
        if self.over:
            return
        if isinstance(error, TooMany):
            error = Ended(BUSY, str(error))
        elif isinstance(error, StorageFailed):
            error = Ended(REFUSED, str(error))
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)

    async def run(self, loops: Iterable[Coroutine[Any, Any, None]], seconds: float) -> None:
        """Run loops until the run ends for any reason, at most for `seconds`."""
        for loop in loops:
            task = asyncio.get_running_loop().create_task(loop)
            self._breakable.add(task)
            task.add_done_callback(self._loop_ended)
        await asyncio.wait([self._over], timeout=max(seconds, 0))
        await _break_off(self._breakable)

    async def finish(self, remaining: Callable[[], float]) -> None:
        """Wait for tasks that should not be cancelled, while seconds remain."""
        while self._finishing and (seconds := remaining()) > 0:
            await asyncio.wait(self._finishing, timeout=seconds)
        await _break_off(self._finishing)

    def conclusion(self) -> Ended | None:
        """Return why the run ended; None if everything was processed. Raises unexpected errors."""
        error = self._over.exception()
        if error is None or isinstance(error, Ended):
            return error
        raise error

    def begin(self, work: Work, failed: Callable[[str], None], *, finish: bool) -> None:
        """Start a task. With `finish`, the end of the run waits for it.

        `failed` gets the reason if an object or batch stays in the spool; others are not affected.
        """
        among = self._finishing if finish else self._breakable
        task = asyncio.get_running_loop().create_task(self._guarded(work, failed))
        among.add(task)
        task.add_done_callback(partial(self._task_ended, among))

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return the storage's result, with one retry. Raises Left, TooMany."""
        for attempt in range(1, ATTEMPTS + 1):
            began = await self._oss.begin()
            try:
                result = await call()
            except StorageFailed as failure:
                self.failed(self._oss, began, str(failure))
                if attempt == ATTEMPTS:
                    raise Left(str(failure)) from failure
            else:
                self._oss.went_well()
                return result
            finally:
                self._oss.end()
        raise AssertionError("the last attempt returns or raises")

    def failed(self, pace: Pace, began: float, reason: str) -> None:
        """Slow down after a temporary error, and log it once per setback. Raises TooMany."""
        if pace.set_back(began, reason):
            log(logging.WARNING, "not yet", self._request_id, detail=reason)

    def unforeseen(self, error: Exception) -> None:
        """Log a bug."""
        log(logging.ERROR, "unforeseen", self._request_id, detail=stack(error))

    async def _guarded(self, work: Work, failed: Callable[[str], None]) -> None:
        try:
            await work()
        except TooMany as failure:
            self.end(failure)
        except Left as failure:
            failed(str(failure))
        except Exception as error:  # noqa: BLE001 - one object's error must not stop all others
            self.unforeseen(error)
            failed(type(error).__name__)

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.end(task.exception())

    def _task_ended(self, among: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        among.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.end(error)


async def _break_off(tasks: set[asyncio.Task[None]]) -> None:
    for task in (cancelled := [*tasks]):
        task.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)
