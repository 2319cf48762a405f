"""The depth of the spool, and ``/api/spool``, which shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.spool.format import pending, rejected, time_of


class Depth(NamedTuple):
    """The number of pending batches, the age of the oldest in seconds, and the number of rejected ones."""

    pending: int
    oldest: int | None  # None if no batch is pending
    rejected: int

    def as_json(self) -> dict[str, int | None]:
        """Return the form of ``/api/spool``."""
        return {"pending": self.pending, "oldestSeconds": self.oldest, "rejected": self.rejected}


class SpoolView:
    """Reads the state of the spool."""

    def __init__(self, names: Callable[[], Collection[str]], prefix: str) -> None:
        """`names` returns the names of all objects in the bucket; those of the spool begin with `prefix`."""
        self._names = names
        self._pending, self._rejected = pending(prefix), rejected(prefix)

    def depth(self) -> Depth:
        """Return the current depth."""
        names = [name for name in self._names() if not name.endswith("/")]
        waiting = [name for name in names if name.startswith(self._pending)]
        received = min((moment for name in waiting if (moment := time_of(name)) is not None), default=None)
        oldest = None if received is None else max(0, int(time.time() - received))
        return Depth(len(waiting), oldest, sum(name.startswith(self._rejected) for name in names))

    async def answer(self, _request: Request) -> Response:
        """Answer ``GET /api/spool``."""
        depth = await run_in_threadpool(self.depth)
        return JSONResponse(depth.as_json(), headers={"cache-control": "no-store"})
