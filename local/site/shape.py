"""How the console's API writes a log down."""

from __future__ import annotations

from typing import Any

from local.function_logs import members
from local.sls.store import StoredLog


def as_json(log: StoredLog) -> dict[str, Any]:
    """The shape of ``/api/logs``; `time` is in seconds since the epoch."""
    return {
        "time": log.time,
        "logstore": log.logstore,
        "topic": log.topic,
        "source": log.source,
        "tags": log.tags,
        "fields": log.fields,
    }


def as_json_with_id(log: StoredLog) -> dict[str, Any]:
    """The same, with the id by which a reader can go on; `line` is the JSON that a function printed."""
    line = members(log.fields)
    return {"id": log.id, **as_json(log), **({"line": line} if line else {})}
