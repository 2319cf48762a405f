"""How a value is cut into words, for logs as they are stored and for what is searched in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The default ones of an index. Kept as one class, so that a run of them is one cut.
_DELIMITERS = re.compile(r"[\s,'\";=()\[\]{}?@&<>/:]+")


def split_words(value: str) -> list[str]:
    """Return the words of a value, in lower case."""
    return [word for word in _DELIMITERS.split(value.lower()) if word]


def words_of(value: object) -> str:
    """Return the words of a value with a blank before and after each, in which a word can be looked up."""
    return f" {' '.join(split_words(str(value)))} "


def all_words(values: Iterable[str]) -> str:
    """Return the words of many values; a phrase does not reach from one value into the next."""
    return "\n".join(map(words_of, values))


def number_of(value: object) -> float | None:
    """Return a value as a number, None where it is none."""
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None
