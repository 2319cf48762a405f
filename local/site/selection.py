"""Which logs a request asks for, read from its query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000


class BadQueryError(ValueError):
    """A query parameter that cannot be understood; the message is for the caller."""


@dataclass(frozen=True)
class Selection:
    """``logstore`` and ``contains`` are None where they do not narrow anything."""

    logstore: str | None
    contains: str | None
    limit: int
    before: int | None
    since: int | None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Selection:
        """Raise BadQueryError for a `limit`, `before` or `since` that is no number or out of bounds."""
        return cls(
            logstore=query.get("logstore") or None,
            contains=query.get("contains") or None,
            limit=_whole(query, "limit", most=LIMIT_MAX) or LIMIT_DEFAULT,
            before=_whole(query, "before"),
            since=_whole(query, "since", least=0),
        )


def _whole(query: Mapping[str, str], name: str, *, least: int = 1, most: int = 2**63 - 1) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise BadQueryError(f"{name}: expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)
