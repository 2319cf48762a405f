"""Many waits with one timer: none ends early, none is forgotten, none rings that was cleared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop

from shared.network import timeouts as timeouts_module
from shared.network.timeouts import Timeouts

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    loop: asyncio.AbstractEventLoop = request.param()
    yield loop
    loop.close()


@pytest.mark.parametrize("short", [0.0, 1000.0], ids=["one timer for all", "a timer each"])
def test_a_wait_ends_when_it_is_over_and_not_before(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, short: float
) -> None:
    monkeypatch.setattr(timeouts_module, "SHORT", short)
    monkeypatch.setattr(timeouts_module, "TICK", 0.01)
    rung: dict[int, float] = {}

    def ring(number: int) -> Callable[[], None]:
        def late() -> None:
            rung[number] = time.monotonic()

        return late

    async def go() -> float:
        waits, began = Timeouts(), time.monotonic()
        for number in range(1, 6):
            waits.set(ring(number), number / 50)
        cleared = ring(0)
        waits.set(cleared, 0.02)
        waits.clear(cleared)
        waits.clear(cleared)
        while len(rung) < 5 and time.monotonic() < began + 20:
            await asyncio.sleep(0.01)
        assert not waits._ends
        return began

    began = loop.run_until_complete(go())
    assert sorted(rung) == [1, 2, 3, 4, 5]
    if not short:  # a loop's own clock stands still for a while
        assert all(moment - began >= number / 50 for number, moment in rung.items())


def test_where_nobody_waits_nothing_ticks(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts_module, "TICK", 0.001)

    async def go() -> None:
        waits, late = Timeouts(), lambda: None
        for _ in range(3):
            waits.set(late, 1000.0)
            assert waits._ticking
            waits.clear(late)
            for _ in range(1000):
                if not waits._ticking:
                    break
                await asyncio.sleep(0.001)
            assert not waits._ticking

    loop.run_until_complete(go())


def test_one_that_rings_may_clear_another(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts_module, "TICK", 0.001)
    monkeypatch.setattr(timeouts_module, "SHORT", 0.0)
    rung: list[str] = []

    async def go() -> None:
        waits = Timeouts()

        def first() -> None:
            rung.append("first")
            waits.clear(second)

        def second() -> None:
            rung.append("second")

        waits.set(first, 0.001)
        waits.set(second, 1000.0)
        while not rung:
            await asyncio.sleep(0.001)
        assert not waits._ends

    loop.run_until_complete(go())
    assert rung == ["first"]
