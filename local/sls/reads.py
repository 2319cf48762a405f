"""GetLogs: what a search answers, in the form of both versions of the operation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import lz4.block

from local.sls.errors import SlsError
from local.sls.projects import Logstore
from local.sls.query import compile_query, contents
from local.sls.store import Store, StoredLog

_MAX_LINES = 100  # GetLogs documentation
_PARTS = 60  # of a histogram


class Search(NamedTuple):
    """The parameters of GetLogs; `start` and `end` are in epoch seconds, the end is left out."""

    start: int
    end: int
    query: str = ""
    topic: str | None = None
    line: int = _MAX_LINES
    offset: int = 0
    reverse: bool = False


def parse_search(parameters: Mapping[str, Any]) -> Search:
    """Read the parameters from JSON or from a query string. Raises SlsError: ParameterInvalid."""

    def number(name: str, default: int | None = None) -> int:
        try:
            return int(parameters.get(name, default))
        except (TypeError, ValueError, OverflowError):
            raise SlsError("ParameterInvalid", f"parameter {name} is missing or not a number") from None

    search = Search(
        start=number("from"),
        end=number("to"),
        query=str(parameters.get("query") or ""),
        topic=parameters.get("topic") or None,  # empty is the default, and stands for all
        line=number("line", _MAX_LINES),
        offset=number("offset", 0),
        reverse=str(parameters.get("reverse", "")).lower() == "true",
    )
    if not 0 <= search.line <= _MAX_LINES or search.offset < 0 or search.start > search.end:
        raise SlsError("ParameterInvalid", "line, offset, from or to is out of range")
    return search


def parse_search_body(body: bytes) -> Search:
    """Read the parameters from the JSON of the POST form. Raises SlsError: ParameterInvalid."""
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict):
        raise SlsError("ParameterInvalid", "the body is not a JSON object")
    return parse_search(parameters)


def find_logs(store: Store, logstore: Logstore, search: Search) -> list[StoredLog]:
    """Return the logs that `search` asks for, all of them where its `line` is -1.

    Raises SlsError: ParameterInvalid.
    """
    query = compile_query(search.query)
    where = (logstore.project, logstore.name, search.start, search.end)
    if query is None and search.topic is None:
        return store.between(*where, reverse=search.reverse, offset=search.offset, limit=search.line)
    matches: Callable[[StoredLog], bool] = query.matches if query else lambda _: True
    candidates = store.between(*where, contains=query.needle if query else "", reverse=search.reverse)
    found = [log for log in candidates if search.topic in (None, log.topic) and matches(log)]
    return found[search.offset :] if search.line < 0 else found[search.offset : search.offset + search.line]


def histograms(store: Store, logstore: Logstore, search: Search) -> list[dict[str, int | str]]:
    """Return the time asked for in _PARTS parts or fewer, of whole seconds, each with its number of logs."""
    logs = find_logs(store, logstore, search._replace(line=-1, offset=0))
    span = search.end - search.start
    width = max(1, -(-span // _PARTS))
    counts = Counter((log.time - search.start) // width for log in logs)
    return [
        {"from": start, "to": min(start + width, search.end), "count": counts[number], "progress": "Complete"}
        for number, start in enumerate(range(search.start, search.end, width))
    ]


def as_rows(logs: list[StoredLog]) -> list[dict[str, str]]:
    """Return the logs as GetLogs does, one flat object each."""
    return [{"__time__": str(log.time), **contents(log)} for log in logs]


def as_page(search: Search, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return the answer of the POST form: rows with what is known about the search."""
    meta = {
        "progress": "Complete",
        "count": len(rows),
        "processedRows": len(rows),
        "elapsedMillisecond": 1,
        "hasSQL": False,
        "whereQuery": search.query,
        "aggQuery": "",
        "cpuSec": 0,
        "cpuCores": 0,
        "mode": 0,
        "terms": [],
        "isAccurate": True,
    }
    return {"meta": meta, "data": rows}


def encode(content: object, accepted: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers of an answer, as a raw LZ4 block if Accept-Encoding has ``lz4``."""
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if "lz4" in [name.strip() for name in accepted.split(",")]:
        headers |= {"x-log-compresstype": "lz4", "x-log-bodyrawsize": str(len(body))}
        body = lz4.block.compress(body, store_size=False)
    return body, headers
