"""DuckDB with a copy of the stored logs, updated before each statement.

Statements are untrusted input. DuckDB opens no file and no connection, loads no extension, has limits of
memory and time, and gets only the output of `translate`.
"""

from __future__ import annotations

import json
import threading
from datetime import date, datetime
from typing import Any

import duckdb
from sqlglot import exp

from local.sls.analysis.allowed import refused
from local.sls.analysis.macros import MACROS
from local.sls.analysis.translate import translate
from local.sls.errors import SlsError
from local.sls.groups import TAG_PREFIX
from local.sls.store import Span, Store

SECONDS = 20.0  # for a statement
_MEMORY = "1GB"  # for the copy and a statement together: some millions of ordinary logs
_CHUNK = 10_000  # logs copied at once
_MOST_COLUMNS = 1000  # of ``select *``
_SETTINGS: dict[str, Any] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": _MEMORY,
    "temp_directory": "",
    "threads": "2",
}
_HELD = """
CREATE TABLE held (id BIGINT, project VARCHAR, logstore VARCHAR, time BIGINT, topic VARCHAR, source VARCHAR,
    tags VARCHAR, fields VARCHAR)
"""
_COLUMNS = ("id", "project", "logstore", "time", "topic", "source", "tags", "fields")
_TYPES = {name: "BIGINT" if name in ("id", "time") else "VARCHAR" for name in _COLUMNS}
# As one text: lists from Python are a hundred times slower.
_COPY = f"INSERT INTO held SELECT one.* FROM (SELECT unnest(from_json(?, '{json.dumps([_TYPES])}')) AS one)"  # noqa: S608
_BY_SPAN = (
    "project = $project AND logstore IN (SELECT unnest($names::VARCHAR[])) AND time >= $start AND time < $end"
)
_BY_ID = "id IN (SELECT unnest(from_json($ids, '[\"BIGINT\"]')))"
_KEYS = """
SELECT DISTINCT unnest(json_keys(fields)) AS name FROM held WHERE {where}
UNION SELECT DISTINCT '{prefix}' || unnest(json_keys(tags)) FROM held WHERE {where} ORDER BY name LIMIT {most}
"""
_PLAIN = {"__time__": "time", "__topic__": "topic", "__source__": "source"}


class Engine:
    """One DuckDB over one store. Not thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._newest = 0
        self._db = duckdb.connect(":memory:", config=_SETTINGS)
        self._db.execute(_HELD)
        for macro in MACROS:
            self._db.execute(f"CREATE MACRO {macro}")
        self._db.execute("SET lock_configuration = true")

    def run(self, statement: str, span: Span) -> tuple[list[str], list[tuple[str, ...]], int]:
        """Return the column names, the rows, and the number of logs. Raises SlsError."""
        translated = translate(statement)
        timer = threading.Timer(SECONDS, self._db.interrupt)
        timer.start()
        try:
            self._catch_up()
            where, values = self._where(span)
            columns = translated.columns
            if translated.every:
                columns = [*dict.fromkeys([*_PLAIN, *self._keys(where, values), *columns])]
            log = f"log AS (SELECT {_selected(columns)} FROM held WHERE {where})"  # noqa: S608
            sql = translated.sql
            sql = f"WITH {log}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {log} {sql}"
            answer = self._db.execute(sql, values)
            names = [column[0] for column in answer.description]
            rows = [tuple(map(_text, row)) for row in answer.fetchall()]
            return names, rows, self._processed(where, values)
        except duckdb.InterruptException:
            raise SlsError("ParameterInvalid", f"the query took over {SECONDS:.0f} seconds") from None
        except duckdb.OutOfMemoryException:
            raise SlsError("ParameterInvalid", f"the query needs more than {_MEMORY} of memory") from None
        except duckdb.Error as error:
            raise refused(_reason(error)) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Free the memory."""
        self._db.close()

    def _catch_up(self) -> None:
        while chunk := self._store.after(self._newest, _CHUNK):
            logs = [dict(zip(_COLUMNS, log, strict=True)) for log in chunk]
            self._db.execute(_COPY, [json.dumps(logs, ensure_ascii=False)])
            self._newest = chunk[-1][0]

    def _where(self, span: Span) -> tuple[str, dict[str, Any]]:
        if span.condition is not None:
            return _BY_ID, {"ids": json.dumps(self._store.ids(span))}
        names = list(span.logstores)
        values = {"project": span.project, "names": names, "start": span.start, "end": span.end}
        return _BY_SPAN, values

    def _keys(self, where: str, values: dict[str, Any]) -> list[str]:
        asked = _KEYS.format(where=where, prefix=TAG_PREFIX, most=_MOST_COLUMNS + 1)
        names = [row[0] for row in self._db.execute(asked, values).fetchall()]
        if len(names) > _MOST_COLUMNS:
            raise refused(f"select * over more than {_MOST_COLUMNS} columns: name those that are wanted")
        return names

    def _processed(self, where: str, values: dict[str, Any]) -> int:
        counted = self._db.execute(f"SELECT count(*) FROM held WHERE {where}", values).fetchone()  # noqa: S608
        return int(counted[0]) if counted else 0


def _selected(columns: list[str]) -> str:
    return ", ".join(f"{_value(name)} AS {_identifier(name)}" for name in columns) or "1 AS nothing"


def _value(name: str) -> str:
    if name in _PLAIN:
        return _PLAIN[name]
    held, key = ("tags", name[len(TAG_PREFIX) :]) if name.startswith(TAG_PREFIX) else ("fields", name)
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    return f"json_extract_string({held}, {exp.Literal.string(pointer).sql('duckdb')})"


def _identifier(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def _text(value: object) -> str:
    """Return a value in the form of GetLogs."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date) else str(value)


def _reason(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0][:300]
