"""Checks objects and arrays in a body, which are stored as JSON text: their size, depth and numbers.

They are decoded once for the check, because no other C code can tell their depth; MAX_NESTED limits the cost
before that.
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
    """Check the objects and arrays in a body, and its ignored members.

    `others` is the body without its logs and tags, if there are other members. Raises ApiError:
    PostBodyInvalid above MAX_NESTED commas and brackets in total, above MAX_DEPTH open brackets, or for a
    number that is out of range for a double.
    """
    parts = ([others] if others is not None else []) + nested.beside + nested.tags + nested.logs
    if sum(map(b"".join(parts).count, (b",", b"[", b"{"))) > MAX_NESTED:
        _refuse(f"the body has more than {MAX_NESTED} commas and brackets in values other than logs of text")
    # Joined into one array, so that each value is one level deeper.
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
    """Raise the ApiError for a body that is nested too deeply."""
    _refuse(f"the body is nested too deep; at most {MAX_DEPTH} open brackets are allowed")


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether more than `depth` brackets are open somewhere; works level by level, without recursion."""
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
