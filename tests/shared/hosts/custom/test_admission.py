"""How many requests are let in: exactly so many, exactly so many bytes."""

from __future__ import annotations

import asyncio

from shared.hosts.custom.admission import Admission


def test_as_many_requests_as_allowed_get_in_and_one_more_does_not() -> None:
    admission = Admission(3)
    assert [admission.enter(0) for _ in range(4)] == [True, True, True, False]
    admission.leave(0)
    assert admission.enter(0)
    assert not admission.enter(0)


def test_as_many_bytes_as_allowed_get_in_and_one_more_does_not() -> None:
    admission = Admission(10, held=100)
    assert admission.enter(60)
    assert not admission.enter(41)
    assert admission.enter(40)
    assert admission.enter(0)
    assert not admission.enter(1)
    admission.leave(60)
    assert admission.enter(60)


def test_a_refused_request_takes_nothing() -> None:
    admission = Admission(1, held=10)
    assert not admission.enter(11)
    assert (admission.in_flight, admission.enter(10)) == (0, True)


def test_draining_waits_for_the_last_one() -> None:
    async def drain() -> tuple[bool, bool]:
        admission = Admission(3)
        admission.enter(1)
        admission.enter(2)
        too_short = await admission.drained(0.05)
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, admission.leave, 1)
        loop.call_later(0.04, admission.leave, 2)
        return too_short, await admission.drained(20)

    assert asyncio.run(drain()) == (False, True)


def test_draining_leaves_out_those_it_is_told_to() -> None:
    async def drain() -> tuple[bool, bool]:
        admission = Admission(3)
        admission.enter(0)
        alone = await admission.drained(0, but=1)
        admission.enter(0)
        return alone, await admission.drained(0.02, but=1)

    assert asyncio.run(drain()) == (True, False)
