"""GetLogs and GetHistograms: the result of a search, in the format of each API version."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import lz4.block

from local.sls.analysis import Analysis, split_statement
from local.sls.errors import SlsError
from local.sls.groups import TAG_PREFIX
from local.sls.projects import Logstore
from local.sls.query import compile_query
from local.sls.store import Condition, Span, Store, StoredLog

_MAX_LINES = 100  # GetLogs documentation
_FARTHEST = 2**62  # seconds since the epoch, and lines
_PARTS = 60  # of a histogram


class Search(NamedTuple):
    """The parameters of GetLogs; `start` and `end` are in epoch seconds, `end` is exclusive."""

    start: int
    end: int
    query: str = ""
    topic: str | None = None
    line: int = _MAX_LINES
    offset: int = 0
    reverse: bool = False


class Found(NamedTuple):
    """The result of a search: rows of text, and for an analysis its statement and column names."""

    rows: list[dict[str, str]]
    where: str
    statement: str = ""
    keys: Sequence[str] = ()
    processed: int = 0
    milliseconds: int = 0


def parse_search(parameters: Mapping[str, Any]) -> Search:
    """Parse the parameters from JSON or from a query string. Raises SlsError: ParameterInvalid."""

    def number(name: str, default: int | None = None) -> int:
        try:
            return int(parameters.get(name, default))
        except (TypeError, ValueError, OverflowError):
            raise SlsError("ParameterInvalid", f"parameter {name} must be a number") from None

    search = Search(
        start=number("from"),
        end=number("to"),
        query=str(parameters.get("query") or ""),
        topic=parameters.get("topic") or None,  # empty, the default, selects all
        line=number("line", _MAX_LINES),
        offset=number("offset", 0),
        reverse=str(parameters.get("reverse", "")).lower() == "true",
    )
    in_order = -_FARTHEST <= search.start <= search.end <= _FARTHEST
    if not 0 <= search.line <= _MAX_LINES or not 0 <= search.offset <= _FARTHEST or not in_order:
        raise SlsError("ParameterInvalid", "line, offset, from or to is out of range")
    return search


def parse_search_body(body: bytes) -> Search:
    """Parse the parameters from the JSON of the POST form. Raises SlsError: ParameterInvalid."""
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict):
        raise SlsError("ParameterInvalid", "the body must be a JSON object")
    return parse_search(parameters)


class Reader:
    """Answers searches from a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._analysis = Analysis(store)

    def find(self, logstore: Logstore, search: Search) -> Found:
        """Return the logs or the analysis result for `search`. Raises SlsError."""
        return self.find_in(logstore.project, (logstore.name,), search)

    def find_in(self, project: str, logstores: tuple[str, ...], search: Search) -> Found:
        """The same over several Logstores together; the real service cannot do this. Raises SlsError."""
        began = time.perf_counter()
        where, statement = split_statement(search.query)
        span = _span(project, logstores, search, where)
        if not statement:
            logs = self._store.between(span, reverse=search.reverse, offset=search.offset, limit=search.line)
            return Found(as_rows(logs), where, processed=len(logs), milliseconds=_since(began))
        result = self._analysis.run(statement, span)
        return Found(result.rows, where, statement, result.keys, result.processed, _since(began))

    def histogram(self, logstore: Logstore, search: Search) -> list[dict[str, Any]]:
        """Return the number of logs in each of 60 intervals, fewer if an interval would be under a second.

        For an analysis, only its search part is used. Raises SlsError.
        """
        where, statement = split_statement(search.query)
        if statement:
            self._analysis.check(statement)
        width = max(1, -(-(search.end - search.start) // _PARTS))
        span = _span(logstore.project, (logstore.name,), search, where)
        counts = self._store.histogram(span, width)
        return [
            {
                "from": start,
                "to": min(start + width, search.end),
                "count": counts.get(number, 0),
                "progress": "Complete",
            }
            for number, start in enumerate(range(search.start, search.end, width))
        ]

    def close(self) -> None:
        """Free the memory that analyses use."""
        self._analysis.close()


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


def _span(project: str, logstores: tuple[str, ...], search: Search, where: str) -> Span:
    condition = compile_query(where)
    if search.topic is not None:
        narrowed = Condition("topic = ?", (str(search.topic),))
        condition = (
            Condition(f"{condition.sql} AND {narrowed.sql}", (*condition.values, *narrowed.values))
            if condition
            else narrowed
        )
    return Span(project, logstores, search.start, search.end, condition)


def contents(log: StoredLog) -> dict[str, str]:
    """Return a log's keys and values in the form of GetLogs, tags with their prefix."""
    tags = {TAG_PREFIX + key: value for key, value in log.tags.items()}
    return {"__topic__": log.topic, "__source__": log.source, **tags, **log.fields}


def as_rows(logs: list[StoredLog]) -> list[dict[str, str]]:
    """Return the logs in the form of GetLogs, one flat object each."""
    return [{"__time__": str(log.time), **contents(log)} for log in logs]


def as_page(found: Found) -> dict[str, Any]:
    """Return the answer of the POST form: rows with metadata of the search."""
    meta = {
        "progress": "Complete",
        "count": len(found.rows),
        "processedRows": found.processed,
        "elapsedMillisecond": found.milliseconds,
        "hasSQL": bool(found.statement),
        "whereQuery": found.where,
        "aggQuery": found.statement,
        "cpuSec": 0,
        "cpuCores": 0,
        "mode": 0,
        "terms": [],
        "isAccurate": True,
        **({"keys": list(found.keys)} if found.statement else {}),
    }
    return {"meta": meta, "data": found.rows}


def as_headers(found: Found) -> dict[str, str]:
    """Return the headers of the older form."""
    return {
        "x-log-progress": "Complete",
        "x-log-count": str(len(found.rows)),
        "x-log-processed-rows": str(found.processed),
        "x-log-elapsed-millisecond": str(found.milliseconds),
        "x-log-has-sql": str(bool(found.statement)).lower(),
    }


def encode(content: object, accepted: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers of an answer, as a raw LZ4 block if Accept-Encoding has ``lz4``."""
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if "lz4" in [name.strip() for name in accepted.split(",")]:
        headers |= {"x-log-compresstype": "lz4", "x-log-bodyrawsize": str(len(body))}
        body = lz4.block.compress(body, store_size=False)
    return body, headers
