"""Checks and their results."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from ops.verify.session import Session, Skip, Unknown
from ops.verify.trigger import NoAnswer


class Mark(Enum):
    """The result of a check."""

    PASSED = "✓"
    FAILED = "✗"
    SKIPPED = "–"
    UNCHECKED = "?"


class Unmet(Exception):
    """The check failed; the message says what was found."""


class Check(NamedTuple):
    """One requirement; `run` returns what it found, or raises Unmet, Skip or NoAnswer."""

    name: str
    about: str  # the requirement
    advice: str  # the remedy
    run: Callable[[Session], str]


class Result(NamedTuple):
    """The result of a check. It never contains a secret: only codes and statuses, no bodies."""

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
