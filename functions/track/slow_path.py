"""Converts any JSON body to a batch, a few logs at a time: a large one, one with other values than text, or
one that will be refused.

Each log is encoded as JSON again as soon as it is read, so a body of 3 MB never becomes millions of Python
objects at once.

Nothing is decoded before its size is known. The body is first split by a decoder that skips the content of
the logs in C (msgspec's `Raw`). It is refused there if an element is not an object, or there are too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

import msgspec

from functions.track.batch import Batch
from functions.track.fields import FieldReader
from functions.track.limits import FEW, MAX_LOGS
from functions.track.names import Unfit
from functions.track.nesting import check_nesting, refuse_depth
from shared.http.errors import POST_BODY_INVALID, ApiError
from shared.http.surrogates import repair

_TOGETHER = 64  # logs that are read in one step
_NULL = msgspec.Raw(b"null")
_Read = TypeVar("_Read")


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    logs: msgspec.Raw = msgspec.field(name="__logs__")
    topic: msgspec.Raw = msgspec.field(name="__topic__", default=_NULL)
    source: msgspec.Raw = msgspec.field(name="__source__", default=_NULL)
    tags: msgspec.Raw = msgspec.field(name="__tags__", default=_NULL)


class _LooseBody(msgspec.Struct):
    """The same, but other members are skipped."""

    logs: msgspec.Raw = msgspec.field(name="__logs__")
    topic: msgspec.Raw = msgspec.field(name="__topic__", default=_NULL)
    source: msgspec.Raw = msgspec.field(name="__source__", default=_NULL)
    tags: msgspec.Raw = msgspec.field(name="__tags__", default=_NULL)


class _Object(msgspec.Struct, gc=False):
    """Any object; its members are skipped."""


_decode = msgspec.json.Decoder(_Body).decode
_decode_loosely = msgspec.json.Decoder(_LooseBody).decode
_decode_objects = msgspec.json.Decoder(list[_Object]).decode
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_slowly(body: bytes) -> Batch:
    """Return the batch in a decompressed body without a byte order mark.

    Raises ApiError: PostBodyInvalid if it is not JSON, has another structure, or exceeds one of `limits`.
    """
    try:
        try:
            return _read(body)
        except msgspec.DecodeError as error:
            if isinstance(error, msgspec.ValidationError):
                raise
            return _read(repair(body))
    except RecursionError:
        refuse_depth()
    except msgspec.ValidationError as error:
        _refuse(f"the body is not of the shape: {error}")
    except UnicodeError:
        _refuse("the body is not UTF-8")
    except msgspec.DecodeError as error:
        _refuse(f"the body is not JSON: {error}" if body else "the body is empty")


def _read(body: bytes) -> Batch:
    body.decode()  # msgspec does not check this in skipped parts
    outer, others = _members(body)
    reader = FieldReader()
    batch = Batch(
        logs=_logs(outer.logs, reader),
        topic=_part("__topic__", reader.value, outer.topic),
        source=_part("__source__", reader.value, outer.source),
        tags=_tags(outer.tags, reader),
    )
    batch.dropped = reader.names.dropped
    if others is not None or any(reader.nested):
        check_nesting(others, reader.nested)
    return batch


def _members(body: bytes) -> tuple[_Body | _LooseBody, msgspec.Raw | None]:
    """Return the known members, and if there are others, the body without its logs and tags."""
    try:
        return _decode(body), None
    except msgspec.ValidationError:
        outer = _decode_loosely(body)
    for part in map(bytes, (outer.logs, outer.tags)):
        if part[:1] in (b"[", b"{"):
            body = body.replace(part, b"0", 1)
    return outer, msgspec.Raw(body)


def _logs(text: msgspec.Raw, reader: FieldReader) -> list[bytes]:
    logs: list[bytes] = []
    try:
        # Counted as empty objects first, because the texts of millions of elements would need much memory.
        if len(text) > FEW:
            _check_count(_decode_objects(text))
        texts = _split(text)
        _check_count(texts)
        for at in range(0, len(texts), _TOGETHER):
            reader.logs(texts[at : at + _TOGETHER], into=logs)
    except Unfit as fault:
        _refuse(f"$.__logs__[{len(logs)}] {fault}")
    except msgspec.ValidationError as error:
        _refuse(f"the body is not of the shape: {_in_logs(text, error)}")
    return logs


def _in_logs(text: msgspec.Raw, error: msgspec.ValidationError) -> str:
    """Return what is wrong with the structure of the logs, and where."""
    try:
        _decode_objects(text)
    except msgspec.ValidationError as found:
        error = found
    said = str(error)
    return said.replace("`$", "`$.__logs__") if "`$" in said else f"{said} - at `$.__logs__`"


def _check_count(logs: Sequence[object]) -> None:
    if len(logs) > MAX_LOGS:
        _refuse(f"the body has {len(logs)} logs; at most {MAX_LOGS} are allowed")


def _tags(text: msgspec.Raw, reader: FieldReader) -> dict[str, str] | None:
    if bytes(text) == b"null":
        return None
    if bytes(text)[:1] not in (b"{", b"["):
        _refuse("the body is not of the shape: Expected `object | array | null` - at `$.__tags__`")
    return _part("__tags__", reader.tags, text)


def _part(name: str, read: Callable[[msgspec.Raw], _Read], text: msgspec.Raw) -> _Read:
    try:
        return read(text)
    except Unfit as fault:
        _refuse(f"$.{name} {fault}")


def _refuse(message: str) -> NoReturn:
    raise ApiError(POST_BODY_INVALID, message) from None
