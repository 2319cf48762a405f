"""Splits values into words, for stored logs and for searches."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The default delimiters of an index, as one character class: several in a row are one delimiter.
_DELIMITERS = re.compile(r"[\s,'\";=()\[\]{}?@&<>/:]+")


def split_words(value: str) -> list[str]:
    """Return the words of a value, in lower case."""
    return [word for word in _DELIMITERS.split(value.lower()) if word]


def words_of(value: object) -> str:
    """Return the words of a value with a blank before and after each, for searching whole words."""
    return f" {' '.join(split_words(str(value)))} "


def all_words(values: Iterable[str]) -> str:
    """Return the words of many values; a phrase cannot match across two values."""
    return "\n".join(map(words_of, values))


def number_of(value: object) -> float | None:
    """Return a value as a number, None if it is not one."""
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None
