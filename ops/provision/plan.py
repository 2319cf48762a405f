"""A plan: the state found, the changes to make, and how both are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """The state found, with the mark that shows it."""

    IN_PLACE = "✓"
    CREATE = "+"
    CHANGE = "~"
    LEFT_ALONE = "!"


@dataclass(frozen=True)
class Step:
    """One requirement. `do` fulfils it; without `do`, it is fulfilled or needs the operator's decision."""

    state: State
    what: str
    detail: str = ""
    do: Callable[[], None] | None = None

    def __str__(self) -> str:
        return f"{self.state.value} {self.what}" + (f": {self.detail}" if self.detail else "")


def in_place(what: str, detail: str = "") -> Step:
    """Return a step that needs no change."""
    return Step(State.IN_PLACE, what, detail)


def create(what: str, detail: str, do: Callable[[], None]) -> Step:
    """Return a step for something missing; `do` creates it."""
    return Step(State.CREATE, what, detail, do)


def change(what: str, detail: str, do: Callable[[], None]) -> Step:
    """Return a step for something different; `do` changes it."""
    return Step(State.CHANGE, what, detail, do)


def left_alone(what: str, detail: str) -> Step:
    """Return a step for something different that only changes on the operator's request."""
    return Step(State.LEFT_ALONE, what, detail)


def everything_in_place(steps: Iterable[Step]) -> bool:
    """Return whether neither this command nor the operator has anything left to do."""
    return all(step.state is State.IN_PLACE for step in steps)
