"""Reads the fields of logs, and the tags: JSON objects whose values become text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from typing import Any, NamedTuple

import msgspec

from functions.track.limits import (
    MAX_FIELDS,
    MAX_LOG_FIELDS,
    MAX_MIXED_FIELDS,
    MAX_NAME,
    MAX_NESTED,
    MAX_TAGS,
)
from functions.track.names import TOO_LONG, Name, Names, Unfit
from functions.track.values import is_text, stringify

_Fields = dict[str, Any]
_decode_text = msgspec.json.Decoder(dict[str, str]).decode
_decode_any = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_tags = msgspec.json.Decoder(dict[Name, msgspec.Raw]).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_string = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode
# Members of an object, nested ones included, above which it is refused before it is decoded.
_MUCH = MAX_NESTED + MAX_LOG_FIELDS
_LITTLE = 2 * _MUCH  # bytes; a smaller object cannot have that many


class Nested(NamedTuple):
    """The objects and arrays among the values of a body, by their place."""

    beside: list[msgspec.Raw]  # not in logs or tags: topic and source
    tags: list[msgspec.Raw]
    logs: list[msgspec.Raw]


class FieldReader:
    """Reads the parts of one request, and counts fields against its limits. Methods raise Unfit to refuse.

    `nested` collects objects and arrays, which the caller checks; `names` counts dropped names.
    """

    def __init__(self) -> None:
        self.nested = Nested([], [], [])
        self.names = Names()
        self._fields = self._mixed_fields = 0
        self._mixed = False  # whether the previous log had values that are not text

    def logs(self, texts: Sequence[msgspec.Raw], into: list[bytes]) -> None:
        """Read logs, convert their values to text, and append them to `into` as JSON.

        The logs are read together. If one of them is refused, each half is read by itself, and so on, so that
        `into` has all logs before the refused one.
        """
        if len(texts) == 1:
            into.extend(self._together(texts))
            return
        if sum(map(len, texts)) <= _LITTLE:
            try:
                into.extend(self._together(texts))
            except (Unfit, msgspec.ValidationError):
                pass
            else:
                return
        half = len(texts) // 2
        self.logs(texts[:half], into)
        self.logs(texts[half:], into)

    def tags(self, text: msgspec.Raw) -> dict[str, str]:
        """Return the tags in an object, or in an array, where the positions are the names."""
        _check_size(text, f"has more than {MAX_TAGS} tags")
        fields: _Fields
        if str(text, "utf-8").startswith("["):
            fields = {str(at): tag for at, tag in enumerate(_decode_array(text))}
        else:
            fields = dict(_tags(text))
        if len(fields) > MAX_TAGS:
            raise Unfit(f"has {len(fields)} tags; at most {MAX_TAGS} are allowed")
        self.nested.tags.extend(_become_text([fields]))
        self.names.drop(fields, tags=True)
        return {name: _plain(tag) for name, tag in fields.items()}

    def value(self, value: msgspec.Raw) -> str | None:
        """Return a topic or source, None for null."""
        if bytes(value) == b"null":
            return None
        fields: _Fields = {"": value}
        self.nested.beside.extend(_become_text([fields]))
        return _plain(fields[""])

    def _together(self, texts: Sequence[msgspec.Raw]) -> list[bytes]:
        """Return the logs, and count their fields; if a log is refused, nothing is counted."""
        logs, mixed, is_mixed = self._decoded(texts)
        fields = self._fields + sum(map(len, logs))
        mixed_fields = self._mixed_fields + sum(map(len, mixed))
        try:
            _check_counts(logs, fields, mixed_fields)
            nested = _become_text(mixed) if mixed else []
            self.names.drop_from(logs)
        except Unfit:
            _check_lengths(logs)
            raise
        self._fields, self._mixed_fields, self._mixed = fields, mixed_fields, is_mixed
        self.nested.logs.extend(nested)
        return [*map(_encode, logs)]

    def _decoded(self, texts: Sequence[msgspec.Raw]) -> tuple[list[_Fields], list[_Fields], bool]:
        """Return all logs, those among them whose values are still JSON, and the new value of `_mixed`.

        A log after a mixed one is probably mixed too, so it is not decoded as text first.
        """
        logs: list[_Fields] = []
        mixed: list[_Fields] = []
        is_mixed = self._mixed
        for text in texts:
            if len(text) > _LITTLE:
                _check_size(text, f"has more than {MAX_LOG_FIELDS} fields")
            if not is_mixed:
                try:
                    logs.append(_decode_text(text))
                    continue
                except msgspec.ValidationError:
                    pass
            fields: _Fields = _decode_any(text)
            is_mixed = not is_text(fields.values())
            logs.append(fields)
            mixed.append(fields)
        return logs, mixed, is_mixed


def _become_text(logs: Sequence[_Fields]) -> list[msgspec.Raw]:
    """Convert values that are still JSON to text, and return the objects and arrays among them."""
    values: list[Any] = [value for fields in logs for value in fields.values()]
    nested = stringify(values)
    rest = iter(values)
    for fields in logs:
        fields.update(zip(fields, rest, strict=False))
    return nested


def _check_counts(logs: Iterable[Sized], fields: int, mixed_fields: int) -> None:
    """Check the number of fields in each log, and in all logs of the request so far."""
    most = max(map(len, logs))
    if most > MAX_LOG_FIELDS:
        raise Unfit(f"has {most} fields; at most {MAX_LOG_FIELDS} are allowed")
    if fields > MAX_FIELDS:
        raise Unfit(f"is one log too many: at most {MAX_FIELDS} fields are allowed in a body")
    if mixed_fields > MAX_MIXED_FIELDS:
        allowed = f"at most {MAX_MIXED_FIELDS} fields in logs with values that are not text"
        raise Unfit(f"is one log too many: {allowed} are allowed in a body")


def _check_lengths(logs: Iterable[_Fields]) -> None:
    """Refuse a name that is too long. This error has precedence over others of the same log."""
    if any(len(name) > MAX_NAME for fields in logs for name in fields):
        raise Unfit(TOO_LONG)


def _plain(value: str | msgspec.Raw) -> str:
    return value if isinstance(value, str) else _decode_string(value)


def _tags(text: msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return _decode_tags(text)
    except msgspec.ValidationError as error:
        if "length" in str(error):
            raise Unfit(TOO_LONG) from None
        raise


def _check_size(text: msgspec.Raw, fault: str) -> None:
    """Refuse a value with far too many members or elements, before it is decoded."""
    if len(text) > _LITTLE and _outside_text(bytes(text)) > _MUCH:
        raise Unfit(fault + f", or more than {MAX_NESTED} in its objects and arrays")


def _outside_text(text: bytes) -> int:
    """Return the number of colons or commas outside JSON's strings, whichever is larger; it may be too high.

    Only quotes and one of the two marks are kept, without escaped quotes. Two adjacent quotes are an empty
    string, or the end of one string and the start of the next; they are removed. Then every second piece
    between quotes is outside strings.
    """
    most = 0
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in text else text
    for mark in (b":", b","):
        if text.count(mark) > _MUCH:
            marks = plain.translate(None, _OTHERS[mark]).replace(b'""', b"")
            most = max(most, sum(map(len, marks.split(b'"')[::2])))
    return most


_OTHERS = {mark: bytes(set(range(256)) - set(b'"' + mark)) for mark in (b":", b",")}
