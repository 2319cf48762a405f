"""The console's data as JSON: ``/api/logs``, ``/api/counts`` and what belongs to an outage."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.site.charts import ChartsApi, Sources
from local.site.outage import Outage, OutageApi
from local.site.selection import BadQueryError, Selection
from local.site.shape import as_json, as_json_with_id
from local.site.spool import SpoolView
from local.site.stream import Stream
from local.sls.store import Store

NO_STORE = {"cache-control": "no-store"}
SECONDS = 60  # of the pulse


def api_routes(
    store: Store, outage: Outage | None, spool: SpoolView | None, charts: Sources | None
) -> list[BaseRoute]:
    """Routes below ``/api``; ``sls``, ``charts`` and ``spool`` are there where there is something to show."""
    api = _Api(store)
    routes: list[BaseRoute] = [
        Route("/api/logs", api.logs),
        Route("/api/counts", api.counts),
        Route("/api/pulse", api.pulse),
        Route("/api/stream", Stream(store, outage, spool).answer),
    ]
    if outage:
        routes.append(Route("/api/sls", OutageApi(outage).answer, methods=["GET", "POST"]))
    if charts:
        routes.append(Route("/api/charts", ChartsApi(charts).answer))
    if spool:
        routes.append(Route("/api/spool", spool.answer))
    return routes


class _Api:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def logs(self, request: Request) -> Response:
        """Logs, newest first; ``x-next-before`` is the `before` of the next page, if this one is full.

        With ``ids=true`` each log also has its id.
        """
        try:
            wanted = Selection.from_query(request.query_params)
        except BadQueryError as error:
            return JSONResponse({"error": str(error)}, status_code=400, headers=NO_STORE)
        found = await run_in_threadpool(
            self._store.query,
            logstore=wanted.logstore,
            contains=wanted.contains,
            limit=wanted.limit,
            before_id=wanted.before,
            since_id=wanted.since,
        )
        shape = as_json_with_id if request.query_params.get("ids") == "true" else as_json
        full = len(found) == wanted.limit
        paging = {"x-next-before": str(found[-1].id)} if full else {}
        return JSONResponse([shape(log) for log in found], headers={**NO_STORE, **paging})

    async def pulse(self, _request: Request) -> Response:
        """How many logs arrived in each of the last 60 seconds, the oldest first."""
        return JSONResponse(await run_in_threadpool(self._store.arrivals, SECONDS), headers=NO_STORE)

    async def counts(self, _request: Request) -> Response:
        """How many logs each Logstore holds."""
        counts = await run_in_threadpool(self._store.counts)
        return JSONResponse(dict(counts), headers=NO_STORE)
