"""Turns for large bodies: one is parsed at a time, memory is limited, and small ones never wait."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from shared.deadline import Deadline
from shared.network.blocking import BLOCKING
from shared.network.blocking import run as run_blocking
from shared.network.interface import Network
from shared.network.turns import GROWTH, SMALL, Turns
from tests.support.waiting import until

LARGE = SMALL + 1
PLENTY = Deadline(3600)

T = TypeVar("T")


def run(waiting: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(waiting, 30))


@pytest.mark.parametrize(("size", "in_a_thread"), [(0, False), (SMALL, False), (LARGE, True)])
def test_only_large_bodies_are_parsed_in_a_thread(size: int, in_a_thread: bool) -> None:
    async def where() -> int:
        async with Turns().turn(size, PLENTY) as turn:
            return await turn.work(threading.get_ident)

    assert (run(where()) != threading.get_ident()) is in_a_thread


def test_large_bodies_are_parsed_one_after_the_other_while_the_loop_goes_on() -> None:
    at_once: list[int] = []
    running = steps = 0

    def parse() -> None:
        nonlocal running
        running += 1
        at_once.append(running)
        before = steps
        gone_on.append(until(lambda: steps > before, 5))
        running -= 1

    async def one(turns: Turns) -> None:
        async with turns.turn(LARGE, PLENTY) as turn:
            await turn.work(parse)

    async def all_of_them() -> None:
        nonlocal steps
        turns = Turns()
        working = asyncio.gather(*(one(turns) for _ in range(8)))
        while not working.done():
            await asyncio.sleep(0.001)
            steps += 1
        await working

    gone_on: list[bool] = []
    run(all_of_them())
    assert at_once == [1] * 8
    assert gone_on == [True] * 8


def test_so_much_is_held_at_once_and_not_a_byte_more() -> None:
    async def go() -> list[str]:
        turns, happened = Turns(2 * GROWTH * LARGE), list[str]()

        async def hold(name: str, until: asyncio.Event) -> None:
            async with turns.turn(LARGE, PLENTY):
                happened.append(name)
                await until.wait()

        ends = [asyncio.Event() for _ in range(4)]
        holding = [asyncio.create_task(hold(str(at), end)) for at, end in enumerate(ends)]
        await asyncio.sleep(0.01)
        assert happened == ["0", "1"]
        async with turns.turn(SMALL, PLENTY) as small:  # does not wait for them
            assert await small.work(lambda: "small") == "small"
        for end in ends:
            end.set()
            await asyncio.sleep(0.01)
        await asyncio.gather(*holding)
        return happened

    assert run(go()) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(("kept", "fits"), [(GROWTH * LARGE, False), (GROWTH * LARGE - 1, True)])
def test_what_is_no_longer_held_makes_room(kept: int, fits: bool) -> None:
    async def go() -> bool:
        turns = Turns(2 * GROWTH * LARGE - 1)
        async with turns.turn(LARGE, PLENTY) as first:
            first.keep(kept)
            first.keep(kept + 1)  # never more than before
            try:
                async with turns.turn(LARGE, Deadline(0.1)):
                    return True
            except TimeoutError:
                return False

    assert run(go()) is fits


def test_one_larger_than_all_there_is_has_its_turn_alone() -> None:
    async def go() -> list[str]:
        turns, order = Turns(SMALL), list[str]()

        async def hold(name: str) -> None:
            async with turns.turn(LARGE, PLENTY):
                order.append(f"{name} in")
                await asyncio.sleep(0.005)
                order.append(f"{name} out")

        await asyncio.gather(hold("a"), hold("b"))
        return order

    assert run(go()) == ["a in", "a out", "b in", "b out"]


def test_who_waits_too_long_or_is_cancelled_leaves_nothing_behind() -> None:
    async def go() -> None:
        turns = Turns(GROWTH * LARGE)

        async def hold(deadline: Deadline) -> None:
            async with turns.turn(LARGE, deadline):
                pass

        for end in ("late", "cancelled", "cancelled when granted"):
            first = turns.turn(LARGE, PLENTY)
            await first.__aenter__()
            waiting = asyncio.create_task(hold(Deadline(0.1) if end == "late" else PLENTY))
            behind = asyncio.create_task(hold(PLENTY))
            await asyncio.sleep(0.001)
            if end == "late":
                with pytest.raises(TimeoutError):
                    await waiting
            if end == "cancelled":
                waiting.cancel()
            await first.__aexit__(None, None, None)
            waiting.cancel()
            await behind
        async with turns.turn(LARGE, Deadline(1)):
            pass  # all memory is free again

    run(go())


def test_work_whose_time_is_up_is_not_begun() -> None:
    begun: list[bool] = []

    async def go() -> None:
        turns = Turns()
        deadline = Deadline(0.2)
        async with turns.turn(LARGE, PLENTY) as first, turns.turn(LARGE, deadline) as second:
            working = asyncio.ensure_future(first.work(lambda: time.sleep(0.15)))
            await asyncio.sleep(0)
            with pytest.raises(TimeoutError):
                await second.work(lambda: begun.append(True))
            await working

    run(go())
    assert begun == []


def test_what_goes_wrong_in_the_thread_goes_wrong_here() -> None:
    def parse() -> None:
        raise ValueError("no JSON")

    async def go() -> None:
        async with Turns().turn(LARGE, PLENTY) as turn:
            await turn.work(parse)

    with pytest.raises(ValueError, match="no JSON"):
        run(go())


def test_on_a_built_in_runtime_it_is_always_ones_turn() -> None:
    async def go(network: Network) -> int:
        async with network.turn(10**9, PLENTY) as turn:
            turn.keep(1)
            return await turn.work(threading.get_ident)

    assert run_blocking(go(BLOCKING)) == threading.get_ident()
