"""A batch of logs: what one request brings, read from its JSON body in one pass.

The browser SDK sends text in every log, so a typed decoder takes nearly all bodies and checks structure
and types while it parses. What it does not take (numbers as values, tags that are arrays, half
surrogate pairs, what is not JSON at all) is read again with care, and either turned into text as the SDK
would or refused with the path in the body.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, NoReturn

import msgspec

from functions.track.limits import MAX_DEPTH, MAX_LOGS, MAX_TAGS
from functions.track.text import to_text
from shared.http.errors import POST_BODY_INVALID, ApiError
from shared.http.surrogates import repair

_BOM = b"\xef\xbb\xbf"


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """Logs that arrived together, with what they share (SLS documentation, "PutWebtracking")."""

    logs: list[dict[str, str]] = msgspec.field(name="__logs__")
    topic: str | None = msgspec.field(name="__topic__", default=None)
    source: str | None = msgspec.field(name="__source__", default=None)
    tags: dict[str, str] | None = msgspec.field(name="__tags__", default=None)


class _LooseBatch(msgspec.Struct):
    """The same with values of any type, and other members passed over."""

    logs: list[dict[str, Any]] = msgspec.field(name="__logs__")
    topic: Any = msgspec.field(name="__topic__", default=None)
    source: Any = msgspec.field(name="__source__", default=None)
    tags: dict[str, Any] | list[Any] | None = msgspec.field(name="__tags__", default=None)


_decode_text_only = msgspec.json.Decoder(Batch).decode


def read_batch(body: bytes) -> Batch:
    """Return the batch in a decompressed body.

    Raises ApiError: PostBodyInvalid for what is not JSON, not of the shape, nested deeper than MAX_DEPTH
    or more than MAX_LOGS logs or MAX_TAGS tags.
    """
    body = body.removeprefix(_BOM)
    try:
        batch = _decode_text_only(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        batch = _read_with_care(body)
    if len(batch.logs) > MAX_LOGS:
        _refuse(f"the body has {len(batch.logs)} logs; at most {MAX_LOGS} are allowed")
    _check_tags(batch.tags)
    return batch


def _read_with_care(body: bytes) -> Batch:
    value = _parse(body)
    if _is_deeper(value, MAX_DEPTH):
        _refuse(f"the body is nested too deep; at most {MAX_DEPTH} open brackets are allowed")
    try:
        loose = msgspec.convert(value, _LooseBatch)
    except msgspec.ValidationError as error:
        _refuse(f"the body is not of the shape: {error}")
    return Batch(
        logs=[{name: to_text(member) for name, member in log.items()} for log in loose.logs],
        topic=_optional_text(loose.topic),
        source=_optional_text(loose.source),
        tags=_tags(loose.tags),
    )


def _parse(body: bytes) -> Any:
    try:
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError:
            return msgspec.json.decode(repair(body))
    except UnicodeError:
        _refuse("the body is not UTF-8")
    except RecursionError:
        _refuse(f"the body is nested too deep; at most {MAX_DEPTH} open brackets are allowed")
    except (msgspec.DecodeError, ValueError) as error:
        _refuse(f"the body is not JSON: {error}" if body else "the body is empty")


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more than `depth` brackets are open somewhere; level by level, so that it cannot recurse."""
    level = [value]
    for _ in range(depth):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _members(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _optional_text(value: Any) -> str | None:
    return None if value is None else to_text(value)


def _tags(value: dict[str, Any] | list[Any] | None) -> dict[str, str] | None:
    if value is None:
        return None
    _check_tags(value)  # before the work that each of them makes
    pairs = value.items() if isinstance(value, dict) else ((str(at), tag) for at, tag in enumerate(value))
    return {name: to_text(tag) for name, tag in pairs}


def _check_tags(tags: Sized | None) -> None:
    if tags is not None and len(tags) > MAX_TAGS:
        _refuse(f"$.__tags__ has {len(tags)} tags; at most {MAX_TAGS} are allowed")


def _refuse(message: str) -> NoReturn:
    raise ApiError(POST_BODY_INVALID, message) from None
