"""The store's logs in memory, by column: for fast search over all logs, and counts by value.

Reading 100,000 typical logs takes about a second; later calls read only new logs. The memory used is about
that of their text.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import msgspec

from local.function_logs import members
from local.sls.groups import TAG_PREFIX
from local.sls.store import Store

TOPIC = "__topic__"
_CHUNK = 5_000  # logs per read
_pairs = msgspec.json.Decoder(dict[str, str]).decode


class Values:
    """One column: the rows that have a value, in order, and the number of each value."""

    def __init__(self) -> None:
        self.rows: array[int] = array("L")
        self.numbers: array[int] = array("L")
        self._known: dict[str, int] = {}
        self.texts: list[str] = []

    def add(self, row: int, value: str) -> None:
        """Add the value of a row; rows must be added in order."""
        number = self._known.get(value)
        if number is None:
            number = self._known[value] = len(self.texts)
            self.texts.append(value)
        self.rows.append(row)
        self.numbers.append(number)

    def number(self, value: str) -> int | None:
        """Return the number of a value, or None if no row has it."""
        return self._known.get(value)


class Columns:
    """A copy of a store, by column; row 0 is the oldest log. Not thread-safe.

    `names` are the names of fields, of tags with their prefix, and ``__topic__``; for function logs also the
    members of the JSON line.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ids: array[int] = array("q")
        self.times: array[int] = array("q")
        self.logstores = Values()
        self.texts: list[str] = []
        self.names: dict[str, Values] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def newest(self) -> int:
        """The id of the newest log that was read, 0 if there is none."""
        return self.ids[-1] if self.ids else 0

    def catch_up(self) -> None:
        """Read the logs that are new in the store."""
        while chunk := self._store.texts_after(self.newest, _CHUNK):
            for log_id, logstore, time, topic, tags, fields, text in chunk:
                row = len(self.ids)
                for name, value in pairs(topic, _pairs(tags), _pairs(fields)):
                    values = self.names.get(name)
                    if values is None:
                        values = self.names[name] = Values()
                    values.add(row, value)
                self.logstores.add(row, logstore)
                self.texts.append(text)
                self.times.append(time)
                self.ids.append(log_id)


def pairs(topic: str, tags: dict[str, str], fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a log, each name once."""
    found = {**members(fields), **fields, **{TAG_PREFIX + name: value for name, value in tags.items()}}
    if topic:
        found[TOPIC] = topic
    yield from found.items()
