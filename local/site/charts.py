"""``/api/charts``: the dashboards of `ops observe`, with the same queries, over the stand-in's logs."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.site.selection import BadQueryError, whole
from local.sls.errors import SlsError
from local.sls.reads import Reader, Search
from local.sls.store import Store
from ops.observe.catalogue import DASHBOARDS, EVENTS, Chart, Dashboard

LEAST, MOST = 15 * 60, 7 * 24 * 3600  # seconds; LEAST applies to a request without `from`
_FARTHEST = 2**40  # seconds since the epoch
_BOARDS = {board.title.lower(): board for board in DASHBOARDS}
_NO_STORE = {"cache-control": "no-store"}


class Sources(NamedTuple):
    """The Logstores of pages, and the Logstore of the functions' output."""

    store: Store
    reader: Reader
    project: str
    logstores: tuple[str, ...]
    function_logstore: str


class ChartsApi:
    """``GET /api/charts?dashboard=events&logstore=&from=&to=`` answers each chart with its rows.

    Without `from` the charts begin at the oldest log; without `to` they end now. Of a longer time they show
    the last seven days.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def answer(self, request: Request) -> Response:
        """Answer one request; 400 for an unknown dashboard or Logstore, or an invalid time."""
        query = request.query_params
        board = _BOARDS.get(query.get("dashboard", "events"))
        logstore = query.get("logstore") or ""
        if board is None or logstore not in ("", *self._sources.logstores):
            return _refused(f"expected a dashboard ({' or '.join(_BOARDS)}), and a logstore of pages")
        try:
            start, end = _time(query)
        except BadQueryError as error:
            return _refused(str(error))
        found = await run_in_threadpool(self._board, board, logstore, start, end)
        return JSONResponse(found, headers=_NO_STORE)

    def _board(self, board: Dashboard, logstore: str, start: int | None, end: int | None) -> dict[str, Any]:
        now = int(time.time())
        pages = (logstore,) if logstore else self._sources.logstores
        stores = pages if board.source == EVENTS else (self._sources.function_logstore,)
        shown_end = now if end is None else end
        if start is None:
            oldest = self._sources.store.oldest(self._sources.project, stores)
            start = min(shown_end - LEAST, shown_end if oldest is None else oldest)
        start = min(max(start, shown_end - MOST), shown_end)
        search = Search(start, now + 60 if end is None else end)  # includes the current minute
        charts = [self._chart(chart, stores, search) for chart in board.charts]
        return {"from": start, "to": shown_end, "charts": charts}

    def _chart(self, chart: Chart, stores: tuple[str, ...], search: Search) -> dict[str, Any]:
        asked = search._replace(query=chart.text)
        try:
            found: dict[str, Any] = {
                "rows": self._sources.reader.find_in(self._sources.project, stores, asked).rows
            }
        except SlsError as error:
            found = {"rows": [], "error": error.message}
        return {**chart._asdict(), "text": chart.text, **found}


def _time(query: QueryParams) -> tuple[int | None, int | None]:
    start, end = (whole(query, name, least=0, most=_FARTHEST) for name in ("from", "to"))
    if start is not None and end is not None and end <= start:
        raise BadQueryError("to: expected a time after from")
    return start, end


def _refused(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=400, headers=_NO_STORE)
