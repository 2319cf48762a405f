"""What a check is, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from ops.verify.session import Session, Skip, Unknown
from ops.verify.trigger import NoAnswer


class Mark(Enum):
    """How a check ended."""

    PASSED = "✓"
    FAILED = "✗"
    SKIPPED = "–"
    UNCHECKED = "?"


class Unmet(Exception):
    """What was found is not what it has to be; the message says what was found."""


class Check(NamedTuple):
    """One thing that has to hold; `run` returns what it found, or raises Unmet, Skip or NoAnswer."""

    name: str
    about: str  # what has to hold, and for whom
    advice: str  # what to do where it does not
    run: Callable[[Session], str]


class Result(NamedTuple):
    """What came of a check. None of it ever holds a secret: codes and statuses, never bodies."""

    check: Check
    mark: Mark
    detail: str


def check(name: str, about: str, advice: str) -> Callable[[Callable[[Session], str]], Check]:
    """Turn a function into a Check; its module lists it in CHECKS."""
    return lambda run: Check(name, about, advice, run)


def carry_out(one: Check, session: Session) -> Result:
    """Run one check."""
    try:
        return Result(one, Mark.PASSED, one.run(session))
    except Unknown as wanted:
        return Result(one, Mark.UNCHECKED, str(wanted))
    except Skip as reason:
        return Result(one, Mark.SKIPPED, str(reason))
    except (Unmet, NoAnswer) as fault:
        return Result(one, Mark.FAILED, str(fault))
