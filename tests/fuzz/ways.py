"""The line coverage of an input, to select inputs for the corpus."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

_ROOT = Path(__file__).parents[2]
_WATCHED = tuple(str(_ROOT / room) for room in ("functions", "shared"))

Step = tuple[str, int, int]  # file, from line, to line


def worth_keeping(
    target: Callable[[bytes], None], kept: Iterable[bytes], found: Iterable[bytes]
) -> list[bytes]:
    """Return the inputs, the shortest first, that have a step which no earlier one has."""
    known: set[Step] = set()
    for data in kept:
        known |= steps(target, data)
    worth = []
    for data in sorted(found, key=lambda data: (len(data), data)):
        taken = steps(target, data)
        if not taken <= known:
            known |= taken
            worth.append(data)
    return worth


def steps(target: Callable[[bytes], None], data: bytes) -> set[Step]:
    """Return the steps from line to line that a target takes in the code under test."""
    taken: set[Step] = set()

    def enter(frame: FrameType, _: str, __: object) -> Any:
        name, last = frame.f_code.co_filename, 0
        if not name.startswith(_WATCHED):
            return None

        def step(frame: FrameType, event: str, _: object) -> Any:
            nonlocal last
            if event == "line":
                taken.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return step

        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        target(data)
    finally:
        sys.settrace(before)
    return taken
