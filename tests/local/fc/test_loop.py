from __future__ import annotations

import asyncio
import threading

import pytest

from local.fc import loop
from local.fc.loop import Closed, LoopThread


def named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


async def value() -> str:
    return threading.current_thread().name


def test_coroutines_of_any_thread_run_in_one_that_starts_with_the_first() -> None:
    own = LoopThread("one-loop")
    assert not named("one-loop")

    assert [own.submit(value()).result(60) for _ in range(2)] == ["one-loop"] * 2

    assert len(named("one-loop")) == 1
    own.close()
    assert not named("one-loop")


def test_closing_waits_for_what_runs_and_for_what_that_leaves_behind() -> None:
    own, done = LoopThread("one-loop"), []

    async def late() -> None:
        await asyncio.sleep(0.1)
        done.append("late")

    async def leaves_a_task() -> None:
        await asyncio.sleep(0.1)
        done.append("first")
        tasks.append(asyncio.ensure_future(late()))

    tasks: list[asyncio.Task[None]] = []
    own.submit(leaves_a_task())

    own.close()

    assert done == ["first", "late"]


def test_closing_does_not_wait_endlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_CLOSE_TIMEOUT", 0.1)
    own = LoopThread("one-loop")
    endless = own.submit(asyncio.sleep(60))

    own.close()

    assert endless.cancelled()


def test_a_closed_loop_accepts_nothing_and_can_be_closed_again() -> None:
    used, unused = LoopThread("used"), LoopThread("unused")
    used.submit(value()).result(60)

    for own in (used, unused):
        own.close()
        own.close()

        with pytest.raises(Closed):
            own.submit(value())
