"""``/api/stream``: logs as they arrive, as server-sent events."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from local.site.outage import Outage
from local.site.selection import BadQueryError, Selection
from local.site.shape import as_json_with_id
from local.site.spool import SpoolView
from local.sls.store import Store

TICK = 0.25  # seconds between reads of the store
HEARTBEAT_TICKS = 20  # a comment every 5 s, to detect a closed connection
BATCH = 200  # logs in one event; with more new logs there is a gap, and the reader requests a page again
RECONNECT_MS = 1000


class Stream:
    """Follows a store for each reader. Events:

    ``logs``: ``{"logs": [newest first], "gap": true if some were left out}``, its id the newest log's;
    ``counts``: ``{logstore: logs}``, at the start and after each arrival in any Logstore;
    ``cloud``: ``{"sls": answer of /api/sls, "spool": answer of /api/spool}``, null for one that is absent,
    at the start and after each change, including the spool's age; never sent if both are absent.

    It starts after the log whose id is in ``since`` or, on a reconnect, in ``Last-Event-ID``.
    """

    def __init__(self, store: Store, outage: Outage | None = None, spool: SpoolView | None = None) -> None:
        self._store, self._outage, self._spool = store, outage, spool

    async def answer(self, request: Request) -> Response:
        """Start a stream of the logs that the query selects."""
        try:
            wanted = Selection.from_query(request.query_params)
            last = QueryParams({"since": request.headers.get("last-event-id", "")})
            resumed = Selection.from_query(last)
        except BadQueryError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        since = resumed.since if resumed.since is not None else wanted.since
        # The stream ends when the server announces its stop; otherwise readers would keep it running.
        stopping = request.scope.get("state", {}).get("stopping") or asyncio.Event()
        events = self._events(wanted, since, stopping)
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _events(
        self, wanted: Selection, since: int | None, stopping: asyncio.Event
    ) -> AsyncIterator[str]:
        yield f"retry: {RECONNECT_MS}\n\n"
        seen = -1  # the newest log of any Logstore
        shown: dict[str, Any] = {"sls": None, "spool": None}
        sent = since if since is not None else await run_in_threadpool(self._store.newest_id)
        for tick in itertools.count(1):
            if stopping.is_set():
                return
            newest = await run_in_threadpool(self._store.newest_id)
            if newest != seen:
                for event in await self._arrivals(wanted, sent, newest):
                    yield event
                seen, sent = newest, max(sent, newest)
            elif tick % HEARTBEAT_TICKS == 0:
                yield ": still here\n\n"
            cloud = await run_in_threadpool(self._cloud)
            if cloud != shown:
                yield _event("cloud", cloud)
                shown = cloud
            await asyncio.sleep(TICK)

    async def _arrivals(self, wanted: Selection, since: int, newest: int) -> list[str]:
        found = await run_in_threadpool(
            self._store.query,
            logstore=wanted.question.logstore,
            contains=wanted.question.contains,
            limit=BATCH,
            before_id=newest + 1,
            since_id=since,
        )
        counts = await run_in_threadpool(self._store.counts)
        events = [_event("counts", dict(counts))]
        gap = len(found) == BATCH
        logs = [as_json_with_id(log) for log in found if wanted.question.takes(log)]
        if logs or gap:
            batch = {"logs": logs, "gap": gap}
            events.insert(0, _event("logs", batch, newest))
        return events

    def _cloud(self) -> dict[str, Any]:
        return {
            "sls": {"up": self._outage.up} if self._outage else None,
            "spool": self._spool.depth().as_json() if self._spool else None,
        }


def _event(name: str, data: dict[str, Any], event_id: int | None = None) -> str:
    line = f"id: {event_id}\n" if event_id is not None else ""
    return f"{line}event: {name}\ndata: {json.dumps(data)}\n\n"
