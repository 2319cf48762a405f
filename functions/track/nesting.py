"""Objects and arrays within a body that stay the JSON text they are: their size, depth and numbers checked.

They are built once, to be looked at, since nothing else in C tells how deep they are; MAX_NESTED bounds what
that costs before it is done.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import msgspec

from functions.track.fields import Nested
from functions.track.limits import MAX_DEPTH, MAX_NESTED
from shared.http.errors import POST_BODY_INVALID, ApiError


def _finite(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError("too large for a double")
    return value


# float() because msgspec takes ten times as long for some numbers near the smallest doubles.
_decode = msgspec.json.Decoder(float_hook=_finite).decode


def check_nesting(others: msgspec.Raw | None, nested: Nested) -> None:
    """Check the values of a body that are objects or arrays, and its members that are passed over.

    `others` is the body without its logs and tags, where there are such members. Raises ApiError:
    PostBodyInvalid past MAX_NESTED commas and brackets in all of them, past MAX_DEPTH open brackets, or for
    a number that no double holds.
    """
    parts = ([others] if others is not None else []) + nested.beside + nested.tags + nested.logs
    if sum(map(b"".join(parts).count, (b",", b"[", b"{"))) > MAX_NESTED:
        _refuse(f"the body has more than {MAX_NESTED} commas and brackets in values other than logs of text")
    # Put together so that each is as deep as it was, and one more.
    text = msgspec.json.encode([others, [*nested.beside, [*nested.tags, nested.logs]]])
    try:
        value = _decode(text)
    except RecursionError:
        refuse_depth()
    except ValueError:
        _refuse("the body has a number that is out of range")
    if _is_deeper(value, MAX_DEPTH + 1):
        refuse_depth()


def refuse_depth() -> NoReturn:
    """Raise the ApiError for a body that is nested too deep."""
    _refuse(f"the body is nested too deep; at most {MAX_DEPTH} open brackets are allowed")


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more than `depth` brackets are open somewhere; level by level, so that it cannot recurse."""
    level = [value]
    for _ in range(depth):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _members(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _refuse(message: str) -> NoReturn:
    raise ApiError(POST_BODY_INVALID, message) from None
