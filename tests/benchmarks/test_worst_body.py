"""The worst bodies, measured in calls and memory instead of time."""

from __future__ import annotations

import random
import sys
from types import FrameType

import pytest

from benchmarks import hostile
from benchmarks.worst_body import answer, memory

CALLS = 640_000  # the most expensive body found took 610,000
MEMORY = 64  # MB in addition to the body
SEED, MUTANTS = 11, 12


def calls(body: bytes) -> int:
    """Return the number of function calls for a body."""
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        answer(body)
    finally:
        sys.setprofile(before)
    return count


SAMPLE = dict(list(hostile.corpus())[::9])


@pytest.mark.parametrize("name", SAMPLE)
def test_a_constructed_body_takes_a_bounded_number_of_calls_and_memory(name: str) -> None:
    body = SAMPLE[name]()
    assert len(body) <= hostile.MAX_BODY
    assert calls(body) < CALLS
    assert memory(body) < MEMORY


def test_a_search_finds_no_body_that_takes_more() -> None:
    chance = random.Random(SEED)
    for name, body in (hostile.mutant(chance) for _ in range(MUTANTS)):
        assert len(body) <= hostile.MAX_BODY
        assert calls(body) < CALLS, name


def test_the_bound_is_one_that_a_body_could_break() -> None:
    assert calls(hostile.ordinary()) < CALLS
    loose = hostile.logs_of(4096, 10, "{:x}", hostile.VALUES["fraction"])
    assert calls(loose) > 5 * 4096  # reading each log separately shows in the count
