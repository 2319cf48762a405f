"""Cached search results: the rows that match a question, and how many logs have each value.

A result is extended when the store grows: only new logs are examined.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable
from itertools import compress
from typing import Any, NamedTuple

from local.site.selection import Question
from local.sls.columns import Columns, Values
from local.sls.groups import TAG_PREFIX
from local.sls.store import Store, StoredLog

SHOWN, OPENED = 6, 100  # values of a field: usually, and of one that is opened
_KEPT = 8  # results in the cache
_MOST_FIELDS = 30  # that are shown
_MOST_VALUES = 1000  # distinct values: a field with more, such as an id, is not counted
_LONGEST = 200  # characters of a value that is shown
_LOGSTORE, _NAMED = "logstore", "field "  # the parts of a question; a field's name follows its prefix


class Page(NamedTuple):
    """Some logs, newest first; the total number of matches, and the id of the newest log in the store."""

    logs: list[StoredLog]
    total: int
    newest: int


class Results:
    """Search results over one store; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._columns = Columns(store)
        self._lock = threading.Lock()
        self._kept: OrderedDict[Question, _Result] = OrderedDict()

    def page(self, question: Question, rank: int | None, limit: int) -> Page:
        """Return at most `limit` logs from a rank upwards, or the newest. The oldest match has rank 0."""
        with self._lock:
            rows = self._result(question).rows
            first = max(0, len(rows) - limit) if rank is None else rank
            ids = [self._columns.ids[row] for row in rows[first : first + limit]]
            total, newest = len(rows), self._columns.newest
        return Page(self._store.by_ids(ids), total, newest)

    def facets(self, question: Question, opened: frozenset[str]) -> dict[str, Any]:
        """Return the number of matches in total, by Logstore, and by value of each field.

        The counts of a field ignore the filter on that field, and the counts by Logstore the selected one.
        """
        with self._lock:
            result = self._result(question)
            result.count()
            return {
                "total": len(result.rows),
                "logstores": result.by_logstore(),
                "fields": result.fields(opened),
            }

    def _result(self, question: Question) -> _Result:
        self._columns.catch_up()
        result = self._kept.pop(question, None) or _Result(question, self._columns, self._store.apart)
        self._kept[question] = result
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        result.catch_up()
        return result


class _Result:
    def __init__(self, question: Question, columns: Columns, apart: tuple[str, ...]) -> None:
        self._question, self._columns, self._apart = question, columns, apart
        self._read = self._counted = 0  # number of processed rows
        self.rows: array[int] = array("L")
        self._by_logstore: Counter[int] = Counter()
        self._by_value: dict[str, Counter[int]] = {}

    def catch_up(self) -> None:
        """Find the matching rows among the new ones."""
        first, last = self._read, len(self._columns)
        if first < last:
            masks = _Masks(self._question, self._columns, self._apart, first, last)
            self.rows.extend(compress(range(first, last), masks.all()))
            self._read = last

    def count(self) -> None:
        """Count the values of the new rows."""
        first, last = self._counted, self._read
        if first == last:
            return
        masks = _Masks(self._question, self._columns, self._apart, first, last)
        self._by_logstore.update(compress(self._columns.logstores.numbers[first:last], masks.all(_LOGSTORE)))
        selected = dict(self._question.fields)
        for name, values in self._columns.names.items():
            if len(values.texts) > _MOST_VALUES and name not in selected:
                self._by_value.pop(name, None)
                continue
            rows, numbers = _window(values, first, last)
            mask = masks.all(_NAMED + name)
            if not any(mask):
                continue
            counts = self._by_value.setdefault(name, Counter())
            counts.update(compress(numbers, [mask[row - first] for row in rows]))
        self._counted = last

    def by_logstore(self) -> dict[str, int]:
        """Return the number of logs by Logstore, without zeros."""
        texts = self._columns.logstores.texts
        return {texts[number]: count for number, count in self._by_logstore.items()}

    def fields(self, opened: frozenset[str]) -> list[dict[str, Any]]:
        """Return the fields that are useful as filters: the most frequent first, tags last."""
        selected = dict(self._question.fields)
        found = [
            _field(name, self._columns.names[name].texts, counts, OPENED if name in opened else SHOWN)
            for name, counts in self._by_value.items()
            if name in selected or _tells_apart(counts)
        ]
        total = len(self.rows)
        found.sort(
            key=lambda one: (
                one["name"].startswith("__"),
                # A value that all logs have, or nearly no two logs share, is not useful as a filter.
                one["distinct"] * 2 > one["logs"] or (one["distinct"] == 1 and one["logs"] == total),
                -one["logs"],
                one["name"],
            )
        )
        return found[:_MOST_FIELDS]


class _Masks:
    """For each part of a question, one byte per row from `first` to before `last`: 1 if the row matches."""

    def __init__(
        self, question: Question, columns: Columns, apart: tuple[str, ...], first: int, last: int
    ) -> None:
        self._question, self._columns = question, columns
        self._first, self._last = first, last
        named = _logstores(question, columns.logstores, apart)
        self._named = bytes(map(named.__contains__, columns.logstores.numbers[first:last]))
        self._base = self._matching(self._named)
        self._parts = {
            _NAMED + name: self._flags(_having(columns.names.get(name), texts, first, last))
            for name, texts in question.fields
        }
        self._whole: dict[str, bytes] = {}

    def all(self, without: str = "") -> bytes:
        """Return the mask of all parts, or of all except one."""
        without = without if without in (*self._parts, _LOGSTORE) else ""
        if without not in self._whole:
            mask = self._base
            if without == _LOGSTORE:  # rarely needed, and often most of the rows
                mask |= self._matching(bytes(map((1).__sub__, self._named)))
            for name, part in self._parts.items():
                mask &= part if name != without else mask
            self._whole[without] = mask.to_bytes(self._last - self._first, "little")
        return self._whole[without]

    def _matching(self, among: bytes) -> int:
        """Return the flags of the rows, of those in the mask `among`, with the text and in the time range."""
        question, texts, times = self._question, self._columns.texts, self._columns.times
        if not question.contains and question.start is None and question.end is None:
            return self._number(among)
        rows: Iterable[int] = compress(range(self._first, self._last), among)
        if question.contains:
            needle = question.contains.casefold()
            candidates = compress(texts[self._first : self._last], among)
            rows = (row for row, text in zip(rows, candidates, strict=True) if needle in text)
        start = question.start or 0
        end = question.end if question.end is not None else 2**62
        return self._flags(row for row in rows if start <= times[row] < end)

    def _flags(self, rows: Iterable[int]) -> int:
        flags, first = bytearray(self._last - self._first), self._first
        for row in rows:
            flags[row - first] = 1
        return self._number(bytes(flags))

    @staticmethod
    def _number(flags: bytes) -> int:
        return int.from_bytes(flags, "little")  # integers are combined fast with &


def _logstores(question: Question, logstores: Values, apart: tuple[str, ...]) -> set[int]:
    if question.logstore is not None:
        return {logstores.texts.index(question.logstore)} if question.logstore in logstores.texts else set()
    return {number for number, name in enumerate(logstores.texts) if name not in apart}


def _having(values: Values | None, texts: frozenset[str], first: int, last: int) -> Iterable[int]:
    """Return the rows with one of these values."""
    if values is None:
        return ()
    wanted = {number for text in texts if (number := values.number(text)) is not None}
    rows, numbers = _window(values, first, last)
    return compress(rows, map(wanted.__contains__, numbers))


def _window(values: Values, first: int, last: int) -> tuple[array[int], array[int]]:
    low, high = bisect_left(values.rows, first), bisect_left(values.rows, last)
    return values.rows[low:high], values.numbers[low:high]


def _tells_apart(counts: Counter[int]) -> bool:
    """Whether the values are useful as filters: not if there are many and each is in only one log."""
    return bool(counts) and (len(counts) <= SHOWN or max(counts.values()) > 1)


def _field(name: str, texts: list[str], counts: Counter[int], most: int) -> dict[str, Any]:
    ordered = sorted((-count, texts[number]) for number, count in counts.items())
    shown = [(text, -count) for count, text in ordered[:most]]
    return {
        "name": name,
        "tag": name.startswith(TAG_PREFIX),
        "logs": counts.total(),
        "distinct": len(counts),
        "values": [pair for pair in shown if len(pair[0]) <= _LONGEST],
    }
