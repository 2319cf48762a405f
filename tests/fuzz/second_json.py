"""A second implementation of reading a POST's body, with the standard library and the contract's rules.

Slow and simple on purpose: it shares only the contract with `functions.track.batch`.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from decimal import Decimal
from typing import Any, NamedTuple

LOGS = 4096
DEPTH = 64
TAGS, FIELDS, NAME = 64, 512, 128
SLS_NAMES = {
    *("__source__", "__topic__", "__time__", "__time_ns__", "__partition_time__", "_extract_others_"),
    *("__extract_others__", "__pack_id__", "__hostname__", "__path__", "__client_ip__", "__receive_time__"),
}
OWN_NAMES = {
    *("client_ip", "user_agent", "referer", "subject", "batch_id", "bot"),
    *("__client_ip__", "__receive_time__"),
}
_TAG = re.compile("__tag__:", re.IGNORECASE | re.ASCII)
_BLANKS = re.compile("[ \u00a0\u3000\u200b\ufeff]")
_DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Unsound(ValueError):
    """The body must be refused."""


class Expected(NamedTuple):
    """The expected result for a body."""

    logs: list[dict[str, str]]
    topic: str | None
    source: str | None
    tags: dict[str, str] | None


def expected(body: bytes) -> Expected:
    """Return the expected forwarded body. Raises Unsound if it must be refused."""
    document = _parse(body)
    if _depth(document) > DEPTH:
        raise Unsound("too deep")
    logs = document.get("__logs__") if isinstance(document, dict) else None
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        raise Unsound("not of the shape")
    if len(logs) > LOGS:
        raise Unsound("too many")
    topic, source = (document.get(name) for name in ("__topic__", "__source__"))
    return Expected(
        [_texts(log, FIELDS) for log in logs],
        None if topic is None else text(topic),
        None if source is None else text(source),
        _tags(document.get("__tags__")),
    )


def log_of(fields: dict[str, str]) -> dict[str, str]:
    """Return the expected log. Raises Unsound if it must be refused."""
    return _texts(fields, FIELDS)


def text(value: Any) -> str:
    """Return text unchanged, a number as by String(), and other values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _tags(tags: Any) -> dict[str, str] | None:
    if isinstance(tags, list):
        tags = {str(at): tag for at, tag in enumerate(tags)}
    if tags is not None and not isinstance(tags, dict):
        raise Unsound("tags of another type")
    return None if tags is None else _texts(tags, TAGS, tags=True)


def _texts(members: dict[str, Any], most: int, *, tags: bool = False) -> dict[str, str]:
    if len(members) > most:
        raise Unsound("too many")
    for name in members:
        if len(name.encode()) > NAME or any(unicodedata.category(c) == "Cc" or c in _DIRECTION for c in name):
            raise Unsound("a name")
    return {name: text(member) for name, member in members.items() if _is_free(name, tag=tags)}


def _is_free(name: str, *, tag: bool) -> bool:
    name = _BLANKS.sub("", name)
    is_tag = tag or _TAG.match(name) is not None
    ascii_lower = "".join(c.lower() if c.isascii() else c for c in name)
    rest = _TAG.sub("", ascii_lower) if tag else re.sub("^(__tag__:)+", "", ascii_lower)
    return name.replace("__tag__:", "") not in SLS_NAMES and not (is_tag and rest in OWN_NAMES)


def _parse(body: bytes) -> Any:
    try:
        decoded = body.removeprefix(b"\xef\xbb\xbf").decode()
        return json.loads(
            decoded, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float, cls=_Decoder
        )
    except (ValueError, RecursionError) as error:
        raise Unsound(str(error)) from None


class _Decoder(json.JSONDecoder):
    """Joins surrogate pairs and replaces lone surrogates."""

    def decode(self, s: str, *args: Any) -> Any:
        return _whole(super().decode(s, *args))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Names are repaired before the last of equal names is used.
    return {_whole(name): _whole(value) for name, value in pairs}


def _refuse(constant: str) -> None:
    raise Unsound(constant)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Unsound("overflows")
    return value


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level := [item for item in level if isinstance(item, (dict, list))]:
        deepest += 1
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
    return deepest


def number(value: float) -> str:
    """Return ECMA-262's Number::toString, with its names: digits s, their count k, the point's position n."""
    if value == 0:
        return "0"
    sign, figures, exponent = Decimal(repr(value)).normalize().as_tuple()
    s = "".join(map(str, figures))
    k, n = len(s), len(s) + int(exponent)
    return "-" * sign + _placed(s, k, n)


def _placed(s: str, k: int, n: int) -> str:
    if k <= n <= 21:
        return s + "0" * (n - k)
    if 0 < n <= 21:
        return s[:n] + "." + s[n:]
    if -6 < n <= 0:
        return "0." + "0" * -n + s
    power = f"e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return s[0] + ("." + s[1:] if k > 1 else "") + power
