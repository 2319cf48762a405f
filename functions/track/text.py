"""Converts JSON values to text, like JavaScript's `String()` (ECMA-262, "Number::toString").

SLS stores only text. The browser SDK converts the values of a log itself, but not tags, topic and source, and
other clients convert nothing. Objects and arrays become their JSON text without whitespace: numbers, escapes
and repeated names in them stay unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

# Exponents that msgspec writes and JavaScript does not (from 1e-6 to below 1e21), with the number of digits
# before the point.
_WITHOUT = {"e-6": 0, **{f"e+{exponent}": exponent + 1 for exponent in range(16, 21)}}
_encode = msgspec.json.Encoder().encode


def float_texts(tokens: Iterable[str]) -> list[str]:
    """Return JSON numbers in the format of `Number::toString`: 1.0 is `1`, 1E21 is `1e+21`, -0.0 is `0`.

    Raises ValueError for a number that is out of range for a double.
    """
    # float() because msgspec takes ten times as long for some numbers near the smallest doubles; msgspec's
    # encoder because it finds the shortest digits in a third of the time of repr().
    texts = _encode([*map(float, tokens)]).decode()[1:-1] + ","
    if "null" in texts:
        raise ValueError("not a finite number")
    # msgspec writes a `.0`, and no `+`.
    texts = texts.replace(".0,", ",").replace("-0,", "0,")
    if "e" not in texts:
        return texts[:-1].split(",")
    texts = texts.replace("e", "e+").replace("e+-", "e-")
    if not any(f"{exponent}," in texts for exponent in _WITHOUT):
        return texts[:-1].split(",")
    return [_without_exponent(text) if "e" in text else text for text in texts[:-1].split(",")]


def number_text(value: float) -> str:
    """Return one finite float in the same format."""
    return float_texts((repr(value),))[0]


def _without_exponent(text: str) -> str:
    """Return a number without its exponent, if that is one of _WITHOUT."""
    mantissa, _, exponent = text.partition("e")
    width = _WITHOUT.get("e" + exponent)
    if width is None:
        return text
    digits = mantissa.replace(".", "")
    if width:
        return digits.ljust(width + (digits[0] == "-"), "0")
    return f"-0.00000{digits[1:]}" if digits[0] == "-" else f"0.00000{digits}"
