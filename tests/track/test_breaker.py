"""The breaker alone, by a clock of the test's: when it opens, who is let through, and what closes it."""

from __future__ import annotations

import pytest

from functions.track.breaker import DECAY, ENOUGH, FAILURES, LONGEST, SHARE, SHORTEST, Breaker
from shared.alibaba.put_logs import Outcome

HAD = 7.0  # seconds that a write usually has
FAULTS = [Outcome.IN_DOUBT, Outcome.UNREACHED, Outcome.PASSING]
ANSWERS = [outcome for outcome in Outcome if outcome not in FAULTS]


class Clock:
    """The time, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def asks(breaker: Breaker, seconds: float = HAD) -> bool:
    return breaker.reason_not_to_ask(seconds) is None


def fail(breaker: Breaker, times: int = FAILURES, took: float = HAD) -> None:
    for _ in range(times):
        breaker.reason_not_to_ask(HAD)
        breaker.note(Outcome.IN_DOUBT, took, HAD)


@pytest.mark.parametrize("fault", FAULTS)
def test_failures_in_a_row_open_it_and_one_less_does_not(breaker: Breaker, fault: Outcome) -> None:
    for _ in range(FAILURES - 1):
        assert asks(breaker)
        breaker.note(fault, 0.1, HAD)
    assert not breaker.open
    assert asks(breaker)
    breaker.note(fault, 0.1, HAD)
    assert breaker.open
    assert breaker.reason_not_to_ask(HAD) == "SLS failed several writes in a row"


@pytest.mark.parametrize("answer", ANSWERS)
def test_any_answer_begins_the_row_anew_and_closes_it(breaker: Breaker, answer: Outcome) -> None:
    fail(breaker, FAILURES - 1)
    breaker.note(answer, 0.1, HAD)
    fail(breaker, FAILURES - 1)
    assert not breaker.open
    fail(breaker, 1)
    assert breaker.open
    breaker.note(answer, 0.1, HAD)
    assert not breaker.open
    assert asks(breaker)


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_refusal_of_sls_opens_it(breaker: Breaker, answer: Outcome) -> None:
    for _ in range(10 * FAILURES):
        assert asks(breaker)
        breaker.note(answer, 0.1, HAD)
    assert not breaker.open


def test_a_client_that_leaves_sls_no_time_does_not_open_it(breaker: Breaker) -> None:
    breaker.reason_not_to_ask(HAD)
    for _ in range(10 * FAILURES):
        breaker.note(Outcome.IN_DOUBT, 0.1, ENOUGH * HAD - 0.01)
    assert not breaker.open
    for _ in range(FAILURES):
        breaker.note(Outcome.IN_DOUBT, 0.1, ENOUGH * HAD)
    assert breaker.open


def test_where_every_write_has_little_time_failures_count_all_the_same(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        assert asks(breaker, 0.5)
        breaker.note(Outcome.IN_DOUBT, 0.5, 0.5)
    assert breaker.open


def test_a_probe_is_due_exactly_when_the_pause_is_over(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, took=2.0)
    clock.now += 2.0 * SHARE
    assert asks(breaker)


def test_one_probe_at_a_time_asks(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, took=0.01)
    clock.now += SHORTEST - 0.01
    assert not asks(breaker)
    clock.now += 0.02
    assert [asks(breaker) for _ in range(5)] == [True, False, False, False, False]
    clock.now += HAD  # the probe is still on its way
    assert not asks(breaker)
    breaker.note(Outcome.UNREACHED, 0.01, HAD)
    clock.now += SHORTEST + 0.01
    assert [asks(breaker) for _ in range(2)] == [True, False]


def test_a_probe_that_never_ends_is_followed_by_another(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += LONGEST
    assert asks(breaker)
    clock.now += HAD + SHORTEST - 0.01
    assert not asks(breaker)
    clock.now += 0.02
    assert asks(breaker)


@pytest.mark.parametrize(
    ("took", "gap"), [(0.0, SHORTEST), (2.0, 2.0 * SHARE), (HAD, HAD * SHARE), (60.0, LONGEST)]
)
def test_the_longer_a_probe_hung_the_later_is_the_next(
    breaker: Breaker, clock: Clock, took: float, gap: float
) -> None:
    fail(breaker, took=took)
    clock.now += gap - 0.01
    assert not asks(breaker)
    clock.now += 0.02
    assert asks(breaker)


def test_while_it_is_open_nothing_is_repeated(breaker: Breaker, clock: Clock) -> None:
    assert breaker.lets_repeat(0.1)
    fail(breaker)
    clock.now += LONGEST
    assert asks(breaker)
    assert not breaker.lets_repeat(HAD)


def test_a_write_is_not_begun_whose_answer_would_come_too_late(breaker: Breaker) -> None:
    breaker.note(Outcome.WRITTEN, 5.9, HAD)
    assert breaker.lets_repeat(5.9)
    assert not breaker.lets_repeat(5.89)
    assert asks(breaker, 5.9)
    assert breaker.reason_not_to_ask(3.4) == "less time is left than SLS recently took"


def test_faster_answers_reduce_the_remembered_time(breaker: Breaker) -> None:
    breaker.note(Outcome.WRITTEN, 5.9, HAD)
    breaker.note(Outcome.WRITTEN, 0.1, HAD)
    assert not breaker.lets_repeat(5.9 * DECAY - 0.01)
    assert breaker.lets_repeat(5.9 * DECAY + 0.01)


def test_the_remembered_time_decreases_also_without_writes(breaker: Breaker) -> None:
    breaker.note(Outcome.WRITTEN, HAD + 1, HAD + 1)
    assert [asks(breaker) for _ in range(3)] == [False, False, True]


def test_a_write_with_too_little_time_is_no_probe(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Outcome.WRITTEN, 5.9, HAD)
    fail(breaker)
    clock.now += LONGEST
    assert not asks(breaker, 1.0)
    assert asks(breaker)
