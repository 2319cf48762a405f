"""Which logs a request asks for, read from its query string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starlette.datastructures import QueryParams

from local.sls.columns import pairs
from local.sls.store import StoredLog

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
MOST_VALUES = 100  # in one request
_FIELD = "f."  # before the name of a field: f.event=checkout&f.__tag__:env=demo


class BadQueryError(ValueError):
    """A query parameter that cannot be understood; the message is for the caller."""


class Question(NamedTuple):
    """A filter for logs; None and empty values do not restrict it.

    `start` <= time < `end`, in epoch seconds. For each name in `fields`, a log must have one of the values.
    """

    logstore: str | None
    contains: str | None
    start: int | None = None
    end: int | None = None
    fields: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def from_query(cls, query: QueryParams) -> Question:
        """Raise BadQueryError if `from` or `to` is not a number, or if there are too many values."""
        return cls(
            logstore=query.get("logstore") or None,
            contains=query.get("contains") or None,
            start=whole(query, "from", least=0),
            end=whole(query, "to", least=0),
            fields=_fields(query),
        )

    def takes(self, log: StoredLog) -> bool:
        """Whether a log matches the time range and the fields; ignores Logstore and text."""
        if not (self.start or 0) <= log.time < (self.end if self.end is not None else log.time + 1):
            return False
        if not self.fields:
            return True
        held = dict(pairs(log.topic, log.tags, log.fields))
        return all(held.get(name) in values for name, values in self.fields)


class Selection(NamedTuple):
    """A question, and the part of its result that is requested.

    `before` and `since` are ids. `rank` counts from the oldest match, so a log keeps its rank when new logs
    arrive.
    """

    question: Question
    limit: int
    before: int | None
    since: int | None
    rank: int | None

    @classmethod
    def from_query(cls, query: QueryParams) -> Selection:
        """Raise BadQueryError for an invalid or out-of-bounds number, or for too many values."""
        return cls(
            question=Question.from_query(query),
            limit=whole(query, "limit", most=LIMIT_MAX) or LIMIT_DEFAULT,
            before=whole(query, "before"),
            since=whole(query, "since", least=0),
            rank=whole(query, "rank", least=0),
        )


def _fields(query: QueryParams) -> tuple[tuple[str, frozenset[str]], ...]:
    found: dict[str, set[str]] = {}
    for key, value in query.multi_items():
        if key.startswith(_FIELD):
            found.setdefault(key[len(_FIELD) :], set()).add(value)
    if sum(map(len, found.values())) > MOST_VALUES:
        raise BadQueryError(f"{_FIELD}…: at most {MOST_VALUES} values, got more")
    return tuple((name, frozenset(values)) for name, values in sorted(found.items()))


def whole(query: Mapping[str, str], name: str, *, least: int = 1, most: int = 2**63 - 1) -> int | None:
    """Return a whole number from a query, None if it is absent. Raises BadQueryError."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise BadQueryError(f"{name}: expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)
