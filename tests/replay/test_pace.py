"""How many requests are let under way: one more for each success, half as many after a setback."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from functions.replay import pace as module
from functions.replay.drain import WRITES
from functions.replay.pace import PAUSES, START, Pace, TooMany
from functions.replay.write import Fate, WriteResult
from shared.deadline import Deadline
from shared.spool.format import Spooled
from tests.replay.support import THROTTLED, WRITTEN, Memory, Sls, batch, drain

pytestmark = pytest.mark.usefixtures("quick")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def new(most: int = 64, remaining: float = 60) -> Pace:
    return Pace(most, lambda: remaining)


async def succeed(pace: Pace, times: int) -> None:
    for _ in range(times):
        await pace.begin()
        pace.went_well()
        pace.end()


def test_it_grows_by_one_for_each_success_up_to_the_most() -> None:
    async def work() -> None:
        pace = new(most=START + 3)
        for more in (1, 2, 3, 3):
            await succeed(pace, 1)
            assert pace.at_once == START + more

    run(work())


def test_a_setback_halves_it_and_then_a_whole_window_of_successes_adds_one() -> None:
    async def work() -> None:
        pace = new()
        await succeed(pace, 64)
        assert pace.at_once == 64
        assert pace.set_back(await pace.begin(), "why")
        pace.end()
        assert (pace.at_once, pace.setbacks) == (32, 1)
        await succeed(pace, 31)
        assert pace.at_once == 32
        await succeed(pace, 2)
        assert pace.at_once == 33

    run(work())


def test_setbacks_of_the_same_moment_count_once() -> None:
    async def work() -> None:
        pace = new()
        began = [await pace.begin() for _ in range(START)]
        assert [pace.set_back(one, "why") for one in began] == [True] + [False] * (START - 1)
        assert (pace.at_once, pace.setbacks) == (START // 2, 1)

    run(work())


def test_it_never_stops_altogether() -> None:
    async def work() -> None:
        pace = new()
        for _ in range(5):
            pace.set_back(await pace.begin(), "why")
            pace.end()
        assert pace.at_once == 1

    run(work())


def test_requests_begin_in_order_up_to_the_limit() -> None:
    async def work() -> None:
        pace, order, most, under_way = new(most=3), list[int](), 0, 0

        async def one(number: int) -> None:
            nonlocal most, under_way
            await pace.begin()
            order.append(number)
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1
            pace.end()

        await asyncio.gather(*(one(number) for number in range(20)))
        assert (order, most) == (list(range(20)), 3)

    run(work())


def test_nothing_begins_in_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.2,))

    async def work() -> None:
        pace = new()
        began = await pace.begin()
        pace.set_back(began, "why")
        pace.end()
        assert await pace.begin() - began >= 0.1

    run(work())


def test_pauses_grow_and_vary_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", PAUSES)
    paused: list[float] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        later = loop.call_later

        def quick(seconds: float, call: Any, *more: Any) -> asyncio.TimerHandle:
            paused.append(seconds)
            return later(0, call, *more)

        pace = new()
        monkeypatch.setattr(loop, "call_later", quick)
        for _ in PAUSES:
            pace.set_back(await pace.begin(), "why")
            pace.end()
        monkeypatch.undo()

    asyncio.run(work())
    assert len(paused) == len(PAUSES)
    assert all(pause * 0.5 <= real <= pause * 1.5 for pause, real in zip(PAUSES, paused, strict=True))


def test_so_many_in_a_row_are_too_many_and_a_success_begins_the_row_anew() -> None:
    async def work() -> None:
        pace = new()
        for _ in range(3):
            for _ in PAUSES:
                assert pace.set_back(await pace.begin(), "why")
                pace.end()
            await succeed(pace, 1)
        for _ in PAUSES:
            pace.set_back(await pace.begin(), "why")
            pace.end()
        with pytest.raises(TooMany, match="the reason"):
            pace.set_back(await pace.begin(), "the reason")

    run(work())


def test_a_pause_that_would_outlast_the_time_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (1.0,))

    async def work() -> None:
        with pytest.raises(TooMany):
            new(remaining=0.4).set_back(1.0, "why")
        assert new(remaining=1.6).set_back(1.0, "why")

    run(work())


# A run against an SLS with a quota.


class Shard:
    """Takes `most` writes at once, and throttles what is more."""

    def __init__(self, most: int) -> None:
        self._most, self._under_way = most, 0
        self.throttled = 0
        self.confirmed: list[Spooled] = []
        self.under_way: list[int] = []

    async def write(self, spooled: Spooled, deadline: Deadline) -> WriteResult:
        """Answer one write after a moment."""
        assert deadline.remaining() > 0
        self._under_way += 1
        self.under_way.append(self._under_way)
        try:
            await asyncio.sleep(0.001)
            if self._under_way > self._most:
                self.throttled += 1
                return THROTTLED
            self.confirmed.append(spooled)
            return WRITTEN
        finally:
            self._under_way -= 1


def test_an_sls_that_throttles_is_met_by_slowing_down_and_everything_comes() -> None:
    batches = [batch(str(number)) for number in range(2000)]
    storage, shard = Memory(batches), Shard(12)
    run = drain(storage, shard.write)
    assert run[:4] == ("drained", 2000, 0, None)
    assert sorted(shard.confirmed) == sorted(batches)
    assert shard.throttled < 500
    assert run.setbacks > 0
    assert max(shard.under_way[500:]) < 2 * 12
    assert run.at_once < WRITES


def test_when_the_throttling_ends_it_speeds_up_again() -> None:
    storage, shard = Memory([batch(str(number)) for number in range(4000)]), Shard(4)

    async def write(spooled: Spooled, deadline: Deadline) -> WriteResult:
        if len(shard.confirmed) >= 500:  # two may be confirmed between two writes
            shard._most = 1000
        return await shard.write(spooled, deadline)

    run = drain(storage, write)
    assert run.written == 4000
    assert run.at_once > 30


def test_throttling_is_no_fault_of_a_batchs_and_never_makes_one_give_way() -> None:
    storage, sls = Memory([batch("one")]), Sls(*[THROTTLED] * 4)
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)
    assert len(sls.asked) == 5


def test_an_sls_that_only_throttles_ends_the_run_and_everything_stays() -> None:
    storage, shard = Memory([batch(str(number)) for number in range(100)]), Shard(0)
    run = drain(storage, shard.write)
    assert run[:4] == ("busy", 0, 0, THROTTLED.reason)
    assert (run.at_once, len(storage.names())) == (1, 100)
    assert Fate.THROTTLED is THROTTLED.fate
