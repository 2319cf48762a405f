"""Converts JSON values to text, like JavaScript's `String()` (ECMA-262, "Number::toString").

SLS stores only text. The browser SDK converts the values of a log itself, but not tags, topic and source, and
other clients convert nothing. Objects and arrays become their JSON text without whitespace: numbers, escapes
and repeated names in them stay unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

_WIDTHS = {str(exponent): exponent + 1 for exponent in range(16, 21)}  # digits of numbers without exponent
_encode = msgspec.json.Encoder().encode


def is_float(token: str) -> bool:
    """Whether a JSON number is written with a fraction or an exponent."""
    return "." in token or "e" in token or "E" in token


def float_texts(tokens: Iterable[str]) -> list[str]:
    """Return JSON numbers in the form of `Number::toString`: 1.0 is `1`, 1E21 is `1e+21`, -0.0 is `0`.

    Raises ValueError for a number that is out of range for a double.
    """
    # float() because msgspec takes ten times as long for some numbers near the smallest doubles; msgspec's
    # encoder because it finds the shortest digits in a third of the time of repr().
    texts = _encode([*map(float, tokens)]).decode()[1:-1]
    if "null" in texts:
        raise ValueError("not a finite number")
    return [_with_exponent(text) if "e" in text else _without_point(text) for text in texts.split(",")]


def number_text(value: float) -> str:
    """Return one finite float in the same form."""
    return float_texts((repr(value),))[0]


def _without_point(text: str) -> str:
    if text.endswith(".0"):
        return text[:-2] if text != "-0.0" else "0"
    return text


def _with_exponent(text: str) -> str:
    """Return the number without an exponent where JavaScript has none: from 1e-6 to less than 1e21.

    msgspec writes an exponent below 1e-5 and from 1e16 on, without a `+`.
    """
    mantissa, _, exponent = text.partition("e")
    if exponent[0] == "-":
        if exponent != "-6":
            return text
        digits = mantissa.replace(".", "")
        return f"-0.00000{digits[1:]}" if digits[0] == "-" else f"0.00000{digits}"
    width = _WIDTHS.get(exponent)
    if width is None:
        return f"{mantissa}e+{exponent}"
    return mantissa.replace(".", "").ljust(width + (mantissa[0] == "-"), "0")
