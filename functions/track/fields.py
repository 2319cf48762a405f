"""The fields of one log, or the tags: a JSON object in which every value becomes text."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, NamedTuple

import msgspec

from functions.track.limits import (
    MAX_DIGITS,
    MAX_FIELDS,
    MAX_LOG_FIELDS,
    MAX_MIXED_FIELDS,
    MAX_NESTED,
    MAX_TAGS,
)
from functions.track.names import TOO_LONG, Name, Names, Unfit
from functions.track.text import float_texts, is_float

_decode_text = msgspec.json.Decoder(dict[Name, str]).decode
_decode_any = msgspec.json.Decoder(dict[Name, msgspec.Raw]).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_string = msgspec.json.Decoder(str).decode
_format = msgspec.json.format
_encode = msgspec.json.Encoder().encode
# Members that an object may have in itself and in nested values, before it is refused unread.
_MUCH = MAX_NESTED + MAX_LOG_FIELDS
OUT_OF_RANGE = "has a number that is out of range"
_LITTLE = 2 * _MUCH  # bytes that cannot hold so many


class Nested(NamedTuple):
    """The values of a body that are objects or arrays, by where they were."""

    beside: list[msgspec.Raw]  # the logs and the tags: topic and source
    tags: list[msgspec.Raw]
    logs: list[msgspec.Raw]


class FieldReader:
    """Reads the parts of one request, each raising Unfit for what is refused, and counts what they cost.

    `nested` gathers the objects and arrays for the caller to check, `names` counts what is dropped.
    """

    def __init__(self) -> None:
        self.nested = Nested([], [], [])
        self.names = Names()
        self._fields = self._mixed_fields = 0
        self._mixed = False  # whether the log before had other values than text

    def log(self, text: msgspec.Raw) -> bytes:
        """Return a log with nothing but text in it, as JSON."""
        _check_size(text, f"has more than {MAX_LOG_FIELDS} fields")
        fields = self._text_only(text)
        if fields is None:
            fields = dict(_members(text))
            self._count(fields, mixed=True)
            self._mixed = _stringify(fields, self.nested.logs)
        self.names.drop(fields)
        return _encode(fields)

    def tags(self, text: msgspec.Raw) -> dict[str, str]:
        """Return the tags in an object, or in an array with their positions for names."""
        _check_size(text, f"has more than {MAX_TAGS} tags")
        fields: dict[str, Any]
        if str(text, "utf-8").startswith("["):
            fields = {str(at): tag for at, tag in enumerate(_decode_array(text))}
        else:
            fields = dict(_members(text))
        if len(fields) > MAX_TAGS:
            raise Unfit(f"has {len(fields)} tags; at most {MAX_TAGS} are allowed")
        _stringify(fields, self.nested.tags)
        self.names.drop(fields, tags=True)
        return {name: _plain(tag) for name, tag in fields.items()}

    def value(self, value: msgspec.Raw) -> str | None:
        """Return a topic or source, None for null."""
        if bytes(value) == b"null":
            return None
        fields: dict[str, Any] = {"": value}
        _stringify(fields, self.nested.beside)
        return _plain(fields[""])

    def _text_only(self, text: msgspec.Raw) -> dict[str, Any] | None:
        """Return a log that has nothing but text; None for another, and where the one before was another."""
        if self._mixed:
            return None
        try:
            fields: dict[str, Any] = _decode_text(text)
        except msgspec.ValidationError:
            return None
        self._count(fields)
        return fields

    def _count(self, fields: Sized, *, mixed: bool = False) -> None:
        if len(fields) > MAX_LOG_FIELDS:
            raise Unfit(f"has {len(fields)} fields; at most {MAX_LOG_FIELDS} are allowed")
        self._fields += len(fields)
        self._mixed_fields += len(fields) if mixed else 0
        if self._fields > MAX_FIELDS:
            raise Unfit(f"is one log too many: at most {MAX_FIELDS} fields are allowed in a body")
        if self._mixed_fields > MAX_MIXED_FIELDS:
            most = f"at most {MAX_MIXED_FIELDS} fields in logs with values that are not text"
            raise Unfit(f"is one log too many: {most} are allowed in a body")


def _stringify(fields: dict[str, Any], nested: list[msgspec.Raw]) -> bool:
    """Turn what is not text into text, and say whether there was any; text stays the JSON that it is."""
    floats: dict[str, str] = {}
    found = False
    for name, value in fields.items():
        text = str(value, "utf-8")
        first = text[0]
        if first == '"':
            continue
        found = True
        if first in "{[":
            text = _compact(text)
            nested.append(value)
        elif first not in "tfn" and is_float(text):
            floats[name] = text
            continue
        elif len(text) > MAX_DIGITS:
            raise Unfit(OUT_OF_RANGE)
        fields[name] = text if text != "-0" else "0"
    if floats:
        try:
            fields.update(zip(floats, float_texts(floats.values()), strict=True))
        except ValueError:
            raise Unfit(OUT_OF_RANGE) from None
    return found


def _compact(text: str) -> str:
    """Return an object or array without the whitespace between its parts."""
    if len(text) > MAX_NESTED and sum(map(text.count, ",[{")) > MAX_NESTED:
        raise Unfit(f"has more than {MAX_NESTED} commas and brackets in an object or array")
    return _format(text, indent=-1)


def _plain(value: str | msgspec.Raw) -> str:
    return value if isinstance(value, str) else _decode_string(value)


def _members(text: msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return _decode_any(text)
    except msgspec.ValidationError as error:
        if "length" in str(error):
            raise Unfit(TOO_LONG) from None
        raise


def _check_size(text: msgspec.Raw, fault: str) -> None:
    """Refuse what has far too many members, or elements, before they are built."""
    if len(text) > _LITTLE and _outside_text(bytes(text)) > _MUCH:
        raise Unfit(fault + f", or more than {MAX_NESTED} in its objects and arrays")


def _outside_text(text: bytes) -> int:
    """Return how many colons, or commas, JSON has outside its strings, or more than that where it has few.

    The quotes and either mark alone are left, escaped quotes gone. Where two quotes then stand side by side
    they hold nothing, or part two strings with no mark between them; without those, every second piece is
    outside strings.
    """
    most = 0
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in text else text
    for mark in (b":", b","):
        if text.count(mark) > _MUCH:
            marks = plain.translate(None, _OTHERS[mark]).replace(b'""', b"")
            most = max(most, sum(map(len, marks.split(b'"')[::2])))
    return most


_OTHERS = {mark: bytes(set(range(256)) - set(b'"' + mark)) for mark in (b":", b",")}
