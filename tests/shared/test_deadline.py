"""Deadlines on a clock that the test sets."""

from __future__ import annotations

import time

import pytest

from shared.deadline import Deadline


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_the_remaining_time_decreases_and_becomes_negative(clock: Clock) -> None:
    deadline = Deadline(9)
    assert deadline.remaining() == 9
    clock.now += 10
    assert deadline.remaining() == -1


@pytest.mark.parametrize(("seconds", "remaining"), [(2, 2), (9, 9), (20, 9)])
def test_a_deadline_within_another_is_the_earlier_of_both(
    clock: Clock, seconds: float, remaining: float
) -> None:
    deadline = Deadline(9)
    inner = deadline.within(seconds)
    assert inner.remaining() == remaining
    clock.now += 1
    assert (inner.remaining(), deadline.remaining()) == (remaining - 1, 8)


def test_left_returns_a_positive_time_or_raises() -> None:
    assert 0 < Deadline(5).left() <= 5
    for seconds in (0.0, -1.0):
        with pytest.raises(TimeoutError, match="out of time"):
            Deadline(seconds).left()
