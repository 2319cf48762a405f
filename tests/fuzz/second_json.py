"""A second reading of a POST's body, by the standard library and the contract's rules one after another.

Slow and plain on purpose: it shares nothing with `functions.track.batch` but the contract.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, NamedTuple

LOGS = 4096
DEPTH = 64


class Unsound(ValueError):
    """The body is to be refused."""


class Expected(NamedTuple):
    """What is to become of a body."""

    logs: list[dict[str, str]]
    topic: str | None
    source: str | None
    tags: dict[str, str] | None


def expected(body: bytes) -> Expected:
    """Return what is to be forwarded; raises Unsound for what is to be refused."""
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
        [_texts(log) for log in logs],
        None if topic is None else text(topic),
        None if source is None else text(source),
        _tags(document.get("__tags__")),
    )


def text(value: Any) -> str:
    """Return what String() and JSON.stringify make of a value."""
    return value if isinstance(value, str) else _stringified(value)


def _tags(tags: Any) -> dict[str, str] | None:
    if isinstance(tags, list):
        return {str(at): text(tag) for at, tag in enumerate(tags)}
    if tags is not None and not isinstance(tags, dict):
        raise Unsound("tags of another type")
    return None if tags is None else _texts(tags)


def _texts(members: dict[str, Any]) -> dict[str, str]:
    return {name: text(member) for name, member in members.items()}


def _parse(body: bytes) -> Any:
    try:
        decoded = body.removeprefix(b"\xef\xbb\xbf").decode()
        return json.loads(
            decoded, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float, cls=_Decoder
        )
    except (ValueError, RecursionError) as error:
        raise Unsound(str(error)) from None


class _Decoder(json.JSONDecoder):
    """Joins halves of surrogate pairs, and replaces those that are alone."""

    def decode(self, s: str, *args: Any) -> Any:
        return _whole(super().decode(s, *args))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Names are mended before the last of equal ones wins.
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


def _stringified(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_stringified(n)}:{_stringified(v)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_stringified, value)) + "]"
    return number(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """Return ECMA-262's Number::toString, by its own names: digits s, their count k, the point's place n."""
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
