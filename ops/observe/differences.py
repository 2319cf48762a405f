"""Where SLS holds something else than is wanted; what it holds besides does not count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LONGEST = 60  # characters of a value that are shown
_SHOWN = 4  # differences


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each place where `found` lacks something of `wanted` or has another value there."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from differences(value, found.get(name), f"{path}.{name}" if path else name)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif wanted != found:
        yield f"{path}: {_shown(found)} → {_shown(wanted)}"


def summary(lines: list[str]) -> str:
    """Some differences in one line, and how many more there are."""
    more = len(lines) - _SHOWN
    return "; ".join([*lines[:_SHOWN], *([f"{more} more"] if more > 0 else [])])


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
