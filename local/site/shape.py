"""The JSON form of a log in the console's API."""

from __future__ import annotations

from typing import Any

from local.function_logs import members
from local.sls.store import StoredLog


def as_json(log: StoredLog) -> dict[str, Any]:
    """Return the form of ``/api/logs``; `time` is in seconds since the epoch."""
    return {
        "time": log.time,
        "logstore": log.logstore,
        "topic": log.topic,
        "source": log.source,
        "tags": log.tags,
        "fields": log.fields,
    }


def as_json_with_id(log: StoredLog) -> dict[str, Any]:
    """Return the same with the id, from which a reader can continue; `line` is a function's JSON line."""
    line = members(log.fields)
    return {"id": log.id, **as_json(log), **({"line": line} if line else {})}
