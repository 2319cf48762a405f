"""Finds differences between SLS and the wanted state; additional values in SLS do not count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LONGEST = 60  # characters of a value that are shown
_SHOWN = 4  # differences


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each value of `wanted` that `found` lacks or has differently."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from differences(value, found.get(name), f"{path}.{name}" if path else name)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif wanted != found:
        yield f"{path}: {_shown(found)} → {_shown(wanted)}"


def summary(lines: list[str]) -> str:
    """Return some differences in one line, and the number of others."""
    more = len(lines) - _SHOWN
    return "; ".join([*lines[:_SHOWN], *([f"{more} more"] if more > 0 else [])])


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
