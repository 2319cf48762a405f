"""Writes the functions' output to the Logstore of `logConfig`, as Function Compute does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone

import msgspec

from local.fc.logs import Log
from local.sls.store import NewLog, Store

LOGSTORE = "function-logs"  # FUNCTION_LOGSTORE in s.yaml

_decode = msgspec.json.Decoder(dict[str, object]).decode


def members(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the members of the JSON line that a function printed, without objects and arrays.

    Empty for any other log.
    """
    if "functionName" not in fields:
        return {}
    message = fields.get("message", "")
    try:
        line = _decode(message[message.find("{") : message.rfind("}") + 1])
    except (msgspec.DecodeError, RecursionError):
        return {}
    return {name: _text(value) for name, value in line.items() if not isinstance(value, (dict, list))}


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def into_store(store: Store, project: str, log: Log) -> Log:
    """Return a `Log` that writes each line to `store` and also passes it to `log`.

    Field names: Function Compute documentation, "Configure the logging feature". `message` is the
    line, after the time and the request id that a runtime writes first.
    """

    def keep(function: str, request_id: str, line: str) -> None:
        log(function, request_id, line)
        now = time.time()
        moment = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds")
        fields = {
            "functionName": function,
            "qualifier": "LATEST",
            "requestId": request_id,
            "message": f"{moment[:23]}Z {request_id} {line}",
        }
        # During shutdown a line can arrive after the store is closed.
        with suppress(sqlite3.ProgrammingError):
            store.append([NewLog(project, LOGSTORE, int(now), now, f"FCLogs:{function}", "", {}, fields)])

    return keep
