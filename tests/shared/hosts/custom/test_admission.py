"""How many requests are let in: exactly so many, exactly so many bytes."""

from __future__ import annotations

import asyncio

import pytest

from shared.hosts.custom.admission import SMALL, Admission


def test_as_many_requests_as_allowed_get_in_and_one_more_does_not() -> None:
    admission = Admission(3)
    assert [admission.enter() for _ in range(4)] == [True, True, True, False]
    assert admission.full
    admission.leave()
    assert not admission.full
    assert admission.enter()
    assert not admission.enter()


def test_as_many_bytes_as_allowed_get_in_and_one_more_does_not() -> None:
    admission = Admission(10, held=SMALL + 100, reserve=0)
    assert admission.grow(SMALL + 60, SMALL + 60)
    assert not admission.grow(41, 41)
    assert admission.grow(40, 40)
    assert admission.grow(0, 0)
    assert not admission.grow(1, 1)
    admission.shrink(60)
    assert admission.grow(60, 60)
    assert admission.bytes == SMALL + 100


@pytest.mark.parametrize(("size", "fits"), [(SMALL, True), (SMALL + 1, False)])
def test_small_bodies_have_a_reserve(size: int, fits: bool) -> None:
    admission = Admission(10, held=1_000_000, reserve=SMALL)
    assert admission.grow(1_000_000, 1_000_000)
    assert admission.grow(SMALL, size) is fits
    assert not admission.grow(2, 2) if fits else admission.grow(2, 2)


def test_draining_waits_for_the_last_one() -> None:
    async def drain() -> tuple[bool, bool]:
        admission = Admission(3)
        admission.enter()
        admission.enter()
        too_short = await admission.drained(0.05)
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, admission.leave)
        loop.call_later(0.04, admission.leave)
        return too_short, await admission.drained(20)

    assert asyncio.run(drain()) == (False, True)


def test_draining_without_requests_ends_immediately() -> None:
    assert asyncio.run(Admission(3).drained(0))
