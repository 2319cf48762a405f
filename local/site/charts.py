"""``/api/charts``: the dashboards of `ops observe`, by the same queries, over what the stand-in holds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.sls.errors import SlsError
from local.sls.reads import Reader, Search
from ops.observe.catalogue import DASHBOARDS, EVENTS, Chart, Dashboard

MOST_MINUTES = 7 * 24 * 60
_BOARDS = {board.title.lower(): board for board in DASHBOARDS}
_NO_STORE = {"cache-control": "no-store"}


class Sources(NamedTuple):
    """Where the logs are: those of pages, and what the functions print."""

    reader: Reader
    project: str
    logstores: tuple[str, ...]
    function_logstore: str


class ChartsApi:
    """``GET /api/charts?dashboard=events&logstore=&minutes=15`` answers each chart with its rows."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def answer(self, request: Request) -> Response:
        """Answer one request; 400 for another dashboard, Logstore or time than there is."""
        query = request.query_params
        board = _BOARDS.get(query.get("dashboard", "events"))
        minutes = _minutes(query)
        logstore = query.get("logstore") or ""
        if board is None or minutes is None or logstore not in ("", *self._sources.logstores):
            names = " or ".join(_BOARDS)
            reason = f"expected a dashboard ({names}), a logstore of pages, minutes from 1 to {MOST_MINUTES}"
            return JSONResponse({"error": reason}, status_code=400, headers=_NO_STORE)
        found = await run_in_threadpool(self._board, board, logstore, minutes)
        return JSONResponse(found, headers=_NO_STORE)

    def _board(self, board: Dashboard, logstore: str, minutes: int) -> dict[str, Any]:
        now = int(time.time())
        pages = (logstore,) if logstore else self._sources.logstores
        stores = pages if board.source == EVENTS else (self._sources.function_logstore,)
        search = Search(now - minutes * 60, now + 60)  # the minute of now is not over
        charts = [self._chart(chart, stores, search) for chart in board.charts]
        return {"from": search.start, "to": now, "charts": charts}

    def _chart(self, chart: Chart, stores: tuple[str, ...], search: Search) -> dict[str, Any]:
        asked = search._replace(query=chart.text)
        try:
            found: dict[str, Any] = {
                "rows": self._sources.reader.find_in(self._sources.project, stores, asked).rows
            }
        except SlsError as error:
            found = {"rows": [], "error": error.message}
        return {**chart._asdict(), "text": chart.text, **found}


def _minutes(query: Mapping[str, str]) -> int | None:
    text = query.get("minutes", "15")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if 1 <= int(text) <= MOST_MINUTES else None
