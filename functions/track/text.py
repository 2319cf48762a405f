"""JSON values as text, as JavaScript's `String()` and `JSON.stringify()` write them.

SLS stores text only. The browser SDK stringifies what is in a log by itself, but leaves tags, topic and
source as they are, and other clients leave everything (ECMA-262, "Number::toString").
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_REPR = r"(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?"
_WORDS = {None: "null", True: "true", False: "false"}


def to_text(value: Any) -> str:
    """Return the text of a JSON value: a string as it is, an object or array as compact JSON.

    Nesting is bounded by the caller (`limits.MAX_DEPTH`).
    """
    return value if isinstance(value, str) else _stringify(value)


def _stringify(value: Any) -> str:
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, dict):
        pairs = (f"{_stringify(name)}:{_stringify(member)}" for name, member in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_stringify, value)) + "]"
    if isinstance(value, float):
        return number_text(value)
    return str(value) if type(value) is int else _WORDS[value]


def number_text(value: float) -> str:
    """Return a finite float as `Number::toString` writes it: 1.0 is `1`, 1e21 is `1e+21`, -0.0 is `0`."""
    match = re.fullmatch(_REPR, repr(value))
    if match is None:
        raise ValueError("not a finite number")
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    point = len(whole) + exponent  # where the decimal point stands, counted from the first digit
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point) if digits else "0"


def _place_point(digits: str, point: int) -> str:
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e{point - 1:+d}"
