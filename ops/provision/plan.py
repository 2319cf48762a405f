"""A plan: what was found, what would be done about it, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What was found, by the mark that shows it."""

    IN_PLACE = "✓"
    CREATE = "+"
    CHANGE = "~"
    LEFT_ALONE = "!"


@dataclass(frozen=True)
class Step:
    """One thing that should be so. `do` makes it so; without it, the operator has to decide."""

    state: State
    what: str
    detail: str = ""
    do: Callable[[], None] | None = None

    def __str__(self) -> str:
        return f"{self.state.value} {self.what}" + (f": {self.detail}" if self.detail else "")


def in_place(what: str, detail: str = "") -> Step:
    """As it should be."""
    return Step(State.IN_PLACE, what, detail)


def create(what: str, detail: str, do: Callable[[], None]) -> Step:
    """Missing; `do` creates it."""
    return Step(State.CREATE, what, detail, do)


def change(what: str, detail: str, do: Callable[[], None]) -> Step:
    """There, but different; `do` changes it."""
    return Step(State.CHANGE, what, detail, do)


def left_alone(what: str, detail: str) -> Step:
    """There, different, and not this command's to change without being told to."""
    return Step(State.LEFT_ALONE, what, detail)


def everything_in_place(steps: Iterable[Step]) -> bool:
    """Whether nothing is left to do, by this command or by the operator."""
    return all(step.state is State.IN_PLACE for step in steps)
