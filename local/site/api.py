"""The console's data as JSON: logs, counts by value and Logstore, and the state of an outage."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.site.charts import ChartsApi, Sources
from local.site.outage import Outage, OutageApi
from local.site.results import Results
from local.site.selection import BadQueryError, Question, Selection
from local.site.shape import as_json, as_json_with_id
from local.site.spool import SpoolView
from local.site.stream import Stream
from local.sls.store import Store, StoredLog

NO_STORE = {"cache-control": "no-store"}
SECONDS = 60  # shown in the pulse


def api_routes(
    store: Store, outage: Outage | None, spool: SpoolView | None, charts: Sources | None
) -> list[BaseRoute]:
    """Routes below ``/api``; ``sls``, ``charts`` and ``spool`` exist only if they have data to show."""
    api = _Api(store)
    routes: list[BaseRoute] = [
        Route("/api/logs", api.logs),
        Route("/api/facets", api.facets),
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
        self._results = Results(store)

    async def logs(self, request: Request) -> Response:
        """Logs, newest first; ``x-next-before`` is the `before` of the next page, if this one is full.

        With ``ids=true`` each log also has its id. ``counted=true`` returns the newest matches, ``rank=…``
        those from a rank upwards (the oldest match has rank 0). Then ``x-total`` is the number of matches,
        and ``x-newest`` the id from which a stream continues.
        """
        query = request.query_params
        shape = as_json_with_id if query.get("ids") == "true" else as_json
        try:
            wanted = Selection.from_query(query)
            found, headers = await run_in_threadpool(self._found, wanted, query.get("counted") == "true")
        except BadQueryError as error:
            return _refused(error)
        return JSONResponse([shape(log) for log in found], headers={**NO_STORE, **headers})

    def _found(self, wanted: Selection, counted: bool) -> tuple[list[StoredLog], dict[str, str]]:
        question = wanted.question
        if counted or wanted.rank is not None:
            page = self._results.page(question, wanted.rank, wanted.limit)
            return page.logs, {"x-total": str(page.total), "x-newest": str(page.newest)}
        if question.start is not None or question.end is not None or question.fields:
            raise BadQueryError("from, to and fields: expected counted=true or rank as well")
        found = self._store.query(
            question.logstore,
            question.contains,
            limit=wanted.limit,
            before_id=wanted.before,
            since_id=wanted.since,
        )
        return found, {"x-next-before": str(found[-1].id)} if len(found) == wanted.limit else {}

    async def facets(self, request: Request) -> Response:
        """The number of matches by Logstore and by value of each field; more values for ``open=NAME``."""
        try:
            question = Question.from_query(request.query_params)
        except BadQueryError as error:
            return _refused(error)
        opened = frozenset(request.query_params.getlist("open"))
        found = await run_in_threadpool(self._results.facets, question, opened)
        return JSONResponse(found, headers=NO_STORE)

    async def pulse(self, _request: Request) -> Response:
        """How many logs arrived in each of the last 60 seconds, the oldest first."""
        return JSONResponse(await run_in_threadpool(self._store.arrivals, SECONDS), headers=NO_STORE)

    async def counts(self, _request: Request) -> Response:
        """How many logs each Logstore has."""
        counts = await run_in_threadpool(self._store.counts)
        return JSONResponse(dict(counts), headers=NO_STORE)


def _refused(error: BadQueryError) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400, headers=NO_STORE)
