"""Converts JSON values to text, many at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from functions.track.limits import MAX_DIGITS, MAX_NESTED
from functions.track.names import Unfit
from functions.track.text import float_texts

OUT_OF_RANGE = "has a number that is out of range"
_BETWEEN = b"\x01"  # a control character, which cannot occur in JSON
_format = msgspec.json.format
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def is_text(values: Collection[msgspec.Raw]) -> bool:
    """Whether all values are JSON strings."""
    joined = _BETWEEN.join(values)
    return joined.count(_BETWEEN + b'"') + joined.startswith(b'"') == len(values)


def stringify(values: list[Any]) -> list[msgspec.Raw]:
    """Replace each value that is not text by its text; return the objects and arrays among them.

    All values are JSON, as `msgspec.Raw`; JSON strings stay unchanged. Raises Unfit for a number that is out
    of range, and for an object or array with more than MAX_NESTED commas and brackets.
    """
    nested: list[int] = []
    floats: dict[int, str] = {}
    # Compared by the first character, in ASCII order: `"`; `-` and digits; `[`; `f`, `n` and `t`; `{`.
    for at, text in enumerate(_BETWEEN.join(values).decode().split(_BETWEEN.decode())):
        if text < "#":
            continue
        if text < "[":
            if "." in text or "e" in text or "E" in text:
                floats[at] = text
            else:
                values[at] = _integer(text)
        elif "a" < text < "{":
            values[at] = text
        else:
            _check_size(text)
            nested.append(at)
    if floats:
        _put(values, floats, _float_texts(floats.values()))
    found = [values[at] for at in nested]
    if found:
        _put(values, nested, _compact(found))
    return found


def _integer(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise Unfit(OUT_OF_RANGE)
    return text if text != "-0" else "0"


def _put(values: list[Any], places: Iterable[int], texts: Iterable[str]) -> None:
    for at, text in zip(places, texts, strict=True):
        values[at] = text


def _float_texts(tokens: Iterable[str]) -> list[str]:
    try:
        return float_texts(tokens)
    except ValueError:
        raise Unfit(OUT_OF_RANGE) from None


def _check_size(text: str) -> None:
    if len(text) > MAX_NESTED and sum(map(text.count, ",[{")) > MAX_NESTED:
        raise Unfit(f"has more than {MAX_NESTED} commas and brackets in an object or array")


def _compact(values: Iterable[msgspec.Raw]) -> list[str]:
    """Return objects and arrays without whitespace between their parts."""
    array = b"[" + b",".join(values) + b"]"
    return [str(value, "utf-8") for value in _split(_format(array, indent=-1))]
