"""The logs of a stand-in, in SQLite: in memory or in a file."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from local.sls.words import all_words, number_of, words_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL, logstore TEXT NOT NULL,
    time INTEGER NOT NULL, received REAL NOT NULL,
    topic TEXT NOT NULL, source TEXT NOT NULL,
    tags TEXT NOT NULL, fields TEXT NOT NULL,
    text TEXT NOT NULL, words TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS logs_by_time ON logs (logstore, project, time);
"""
_INSERT = """
INSERT INTO logs (project, logstore, time, received, topic, source, tags, fields, text, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NEWEST = """
SELECT id, project, logstore, time, received, topic, source, tags, fields FROM logs
WHERE id > :since AND id < :before
  AND (logstore = :logstore
       OR (:logstore IS NULL AND logstore NOT IN (SELECT value FROM json_each(:apart))))
  AND (:needle = '' OR instr(text, :needle))
ORDER BY id DESC LIMIT :limit
"""
_ARRIVALS = """
SELECT CAST(received AS INTEGER), COUNT(*) FROM logs
WHERE received > ? AND logstore NOT IN (SELECT value FROM json_each(?)) GROUP BY 1
"""
_AFTER = """
SELECT id, project, logstore, time, topic, source, tags, fields FROM logs
WHERE id > ? ORDER BY id LIMIT ?
"""
_WITH_TEXT = "SELECT id, logstore, time, topic, tags, fields, text FROM logs WHERE id > ? ORDER BY id LIMIT ?"
_BY_IDS = """
SELECT id, project, logstore, time, received, topic, source, tags, fields FROM logs
WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC
"""
_OLDEST = "SELECT (SELECT MIN(time) FROM logs WHERE logstore = value AND project = ?) FROM json_each(?)"
_LAST_ID = 2**63 - 1


class Condition(NamedTuple):
    """An SQL condition on the columns of a log, with the values of its placeholders.

    It may use `words_of` and `number_of` (`local.sls.words`).
    """

    sql: str
    values: tuple[str | float, ...]


class Span(NamedTuple):
    """The logs of some Logstores with start <= time < end (epoch seconds) that meet `condition`."""

    project: str
    logstores: tuple[str, ...]
    start: int
    end: int
    condition: Condition | None = None

    @property
    def where(self) -> Condition:
        """Return it as one condition."""
        names = ", ".join("?" * len(self.logstores))
        sql = f"logstore IN ({names}) AND project = ? AND time >= ? AND time < ?"
        values: tuple[str | float, ...] = (*self.logstores, self.project, self.start, self.end)
        if self.condition is None:
            return Condition(sql, values)
        return Condition(f"{sql} AND {self.condition.sql}", (*values, *self.condition.values))


class NewLog(NamedTuple):
    """A log to be stored; `time` and `received` are in epoch seconds."""

    project: str
    logstore: str
    time: int
    received: float
    topic: str
    source: str
    tags: dict[str, str]
    fields: dict[str, str]


class StoredLog(NamedTuple):
    """A stored log; ids only increase."""

    id: int
    project: str
    logstore: str
    time: int
    received: float
    topic: str
    source: str
    tags: dict[str, str]
    fields: dict[str, str]


class Store:
    """The table of logs; thread-safe."""

    def __init__(self, database: str | Path = ":memory:") -> None:
        """Open `database`, a file that is created if missing. Raises sqlite3.Error."""
        self._lock = threading.Lock()
        self._apart: list[str] = []
        self._connection = sqlite3.connect(database, check_same_thread=False)
        with self._connection:
            # Speed matters more here than durability: a crash of the machine may lose the last logs.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(_SCHEMA)
        for name, function in (("words_of", words_of), ("number_of", number_of)):
            self._connection.create_function(name, 1, function, deterministic=True)

    def set_apart(self, logstore: str) -> None:
        """Exclude this Logstore from `query` and `counts` if no Logstore is given."""
        self._apart.append(logstore)

    @property
    def apart(self) -> tuple[str, ...]:
        """The Logstores that were set apart."""
        return tuple(self._apart)

    def append(self, logs: Iterable[NewLog]) -> None:
        """Store `logs` in order, all or none."""
        rows = [_row(log) for log in logs]
        with self._lock, self._connection:
            self._connection.executemany(_INSERT, rows)

    def query(
        self,
        logstore: str | None = None,
        contains: str | None = None,
        *,
        limit: int = 100,
        before_id: int | None = None,
        since_id: int | None = None,
    ) -> list[StoredLog]:
        """Return at most `limit` logs, newest first, with ids below `before_id` and above `since_id`.

        `contains` is searched, ignoring case, in topic, source, and the ``key: value`` of each tag and field.
        """
        values = {
            "logstore": logstore,
            "apart": json.dumps(self._apart),
            "needle": (contains or "").casefold(),
            "limit": limit,
            "before": _LAST_ID if before_id is None else before_id,
            "since": 0 if since_id is None else since_id,
        }
        return self._select(_NEWEST, values)

    def between(
        self, span: Span, *, reverse: bool = False, offset: int = 0, limit: int = -1
    ) -> list[StoredLog]:
        """Return the logs of `span` by time; a `limit` of -1 means no limit."""
        where, order = span.where, "DESC" if reverse else "ASC"
        statement = f"""
            SELECT id, project, logstore, time, received, topic, source, tags, fields FROM logs
            WHERE {where.sql} ORDER BY time {order}, id {order} LIMIT ? OFFSET ?
        """  # noqa: S608 - values from outside are bound
        return self._select(statement, (*where.values, limit, offset))

    def ids(self, span: Span) -> list[int]:
        """Return the ids of the logs of `span`, unordered."""
        where = span.where
        with self._lock:
            rows = self._connection.execute(
                f"SELECT id FROM logs WHERE {where.sql}",  # noqa: S608 - as above
                where.values,
            )
            return [row[0] for row in rows]

    def histogram(self, span: Span, interval: int) -> dict[int, int]:
        """Return the number of logs in each interval (seconds, from the start of `span`), by its index."""
        where = span.where
        statement = f"SELECT (time - ?) / ?, COUNT(*) FROM logs WHERE {where.sql} GROUP BY 1"  # noqa: S608
        with self._lock:
            return dict(self._connection.execute(statement, (span.start, interval, *where.values)).fetchall())

    def after(self, log_id: int, limit: int) -> list[tuple[Any, ...]]:
        """Return at most `limit` logs with greater ids, oldest first.

        Each is (id, project, logstore, time, topic, source, tags, fields), the last two as JSON.
        """
        with self._lock:
            return self._connection.execute(_AFTER, (log_id, limit)).fetchall()

    def texts_after(self, log_id: int, limit: int) -> list[tuple[Any, ...]]:
        """The same, each as (id, logstore, time, topic, tags, fields, the text that `query` looks into)."""
        with self._lock:
            return self._connection.execute(_WITH_TEXT, (log_id, limit)).fetchall()

    def by_ids(self, ids: Sequence[int]) -> list[StoredLog]:
        """Return the logs with these ids, newest first."""
        return self._select(_BY_IDS, (json.dumps(list(ids)),))

    def newest_id(self) -> int:
        """Return the id of the newest log of all Logstores, 0 if there is none."""
        with self._lock:
            return int(self._connection.execute("SELECT COALESCE(MAX(id), 0) FROM logs").fetchone()[0])

    def oldest(self, project: str, logstores: Sequence[str]) -> int | None:
        """Return the time of the oldest log in these Logstores of a Project, None if they are empty."""
        with self._lock:
            rows = self._connection.execute(_OLDEST, (project, json.dumps(list(logstores)))).fetchall()
        return min((time for (time,) in rows if time is not None), default=None)

    def counts(self) -> dict[str, int]:
        """Return the number of logs of each Logstore that has any and is not set apart."""
        with self._lock:
            rows = self._connection.execute("SELECT logstore, COUNT(*) FROM logs GROUP BY logstore")
            return {name: count for name, count in rows if name not in self._apart}

    def arrivals(self, seconds: int) -> list[int]:
        """Return the number of logs received in each of the last `seconds`, oldest first."""
        now = int(time.time())
        with self._lock:
            rows = self._connection.execute(_ARRIVALS, (now - seconds, json.dumps(self._apart)))
            counts = dict(rows.fetchall())
        return [counts.get(now - age, 0) for age in range(seconds - 1, -1, -1)]

    def close(self) -> None:
        """Close the database; no method may be called afterwards."""
        with self._lock:
            self._connection.close()

    def _select(self, statement: str, values: Mapping[str, object] | Sequence[object]) -> list[StoredLog]:
        with self._lock:
            rows = self._connection.execute(statement, values).fetchall()
        return [_stored(row) for row in rows]


def _row(log: NewLog) -> Sequence[str | int | float]:
    tags, fields = (json.dumps(pairs, ensure_ascii=False) for pairs in (log.tags, log.fields))
    pairs = [*log.tags.items(), *log.fields.items()]
    text = "\n".join([log.topic, log.source, *(f"{key}: {value}" for key, value in pairs)])
    words = all_words([log.topic, log.source, *log.tags.values(), *log.fields.values()])
    return (*log[:6], tags, fields, text.casefold(), words)


def _stored(row: Sequence[Any]) -> StoredLog:
    *plain, tags, fields = row
    return StoredLog._make([*plain, json.loads(tags), json.loads(fields)])
