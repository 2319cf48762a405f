"""Reading a body: whole up to the limit, counted and dropped past it, given up in time."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable, Sequence

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline
from shared.hosts.custom import body as body_module
from shared.hosts.custom.admission import Admission, Full, Share
from shared.hosts.custom.asgi import Message, Receive
from shared.hosts.custom.body import RATE, WINDOW, Body, Dawdled, Gone, read_body

LIMIT = 100


def receiving(pieces: Sequence[bytes]) -> Receive:
    coming = list(pieces)

    async def receive() -> Message:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    return receive


def room(held: int = 10**9) -> Share:
    return Share(Admission(1, held, 0))


def read(*pieces: bytes, limit: int = LIMIT) -> Body:
    return asyncio.run(read_body(receiving(pieces), limit, Deadline(20), room()))


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
def test_a_body_is_whole_or_it_is_only_counted(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert read(*pieces) == ((whole, len(whole)) if len(whole) <= LIMIT else (b"", len(whole)))


def test_the_largest_body_passes_and_one_byte_more_is_dropped() -> None:
    assert read(b"a" * LIMIT) == (b"a" * LIMIT, LIMIT)
    assert read(b"a" * LIMIT, b"b") == (b"", LIMIT + 1)
    assert read(b"a" * (LIMIT + 1)) == (b"", LIMIT + 1)


def test_of_a_body_far_too_large_no_more_than_the_limit_is_ever_kept() -> None:
    piece = bytes(64 * 1024)
    tracemalloc.start()
    try:
        assert read(*[piece] * 512, limit=3 * 1024 * 1024).size == 32 * 1024 * 1024
        now, peak = tracemalloc.get_traced_memory()
        assert now < 1024 * 1024
        assert peak < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_client_that_goes_is_gone() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(Gone, match="gone"):
        asyncio.run(read_body(receive, LIMIT, Deadline(20), room()))


def test_a_client_that_dawdles_is_given_up_at_the_deadline() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def read_late() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(Gone, match="in time"):
            await read_body(receive, 10**9, Deadline(0.2), room())
        await asyncio.sleep(0)  # whoever was cancelled for the deadline's sake goes on undisturbed
        return loop.time() - began

    assert 0.15 < asyncio.run(read_late()) < 5


def test_a_server_that_stops_is_not_mistaken_for_the_deadline() -> None:
    async def stop() -> None:
        async def receive() -> Message:
            await asyncio.sleep(20)
            raise AssertionError

        reading = asyncio.create_task(read_body(receive, LIMIT, Deadline(20), room()))
        await asyncio.sleep(0.01)
        reading.cancel()
        await reading

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop())


@pytest.mark.parametrize("stops_after", [0, 1, 10])
def test_a_body_that_stops_is_given_up_before_the_deadline(
    monkeypatch: pytest.MonkeyPatch, stops_after: int
) -> None:
    monkeypatch.setattr(body_module, "WINDOW", 0.05)
    pieces = [b"a"] * stops_after

    async def receive() -> Message:
        if not pieces:
            await asyncio.sleep(20)
        return {"type": "http.request", "body": pieces.pop(), "more_body": True}

    async def given_up() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(Dawdled):
            await read_body(receive, LIMIT, Deadline(20), room())
        return loop.time() - began

    assert asyncio.run(given_up()) < 10


@pytest.mark.parametrize(("less", "late"), [(0, False), (1, True)])
def test_the_lowest_rate_is_enough_and_a_byte_a_window_less_is_not(less: int, late: bool) -> None:
    async def look() -> bool:
        reading = asyncio.create_task(asyncio.sleep(20))
        watch = body_module._Watch(reading, Deadline(1000))
        for _ in range(3):  # as the timer would, each time that a window has passed
            watch.size += int(WINDOW * RATE) - less
            watch._look()
        watch.stop()
        reading.cancel()
        return watch.fired

    assert asyncio.run(look()) is late


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_thousands_of_bodies_that_are_late_are_late_and_nothing_else(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """A timer may fire before the clock says that its time has come: nothing may depend on which."""

    async def receive() -> Message:
        await asyncio.sleep(20)
        raise AssertionError

    async def late(seconds: float) -> str:
        try:
            await read_body(receive, LIMIT, Deadline(seconds), room())
        except BaseException as error:  # noqa: BLE001 - a CancelledError above all
            return type(error).__name__
        return "read"

    async def all_of_them() -> set[str]:
        return set(await asyncio.gather(*(late(number / 10_000) for number in range(4000))))

    loop = new_loop()
    try:
        assert loop.run_until_complete(all_of_them()) == {"Dawdled"}
    finally:
        loop.close()


def test_bytes_are_taken_as_they_arrive_and_dropped_with_a_body_that_is_too_large() -> None:
    admission = Admission(1, 250, 0)
    held: list[int] = []

    async def receive() -> Message:
        held.append(admission.bytes)
        return {"type": "http.request", "body": b"a" * 50, "more_body": len(held) < 4}

    async def read_two() -> None:
        with Share(admission) as share:
            assert (await read_body(receive, 200, Deadline(20), share)).size == 200
            assert admission.bytes == 200
            other = Share(admission)
            with pytest.raises(Full):
                await read_body(receiving([b"a" * 50, b"a"]), 200, Deadline(20), other)
            other.drop()
        assert held == [0, 50, 100, 150]
        assert admission.bytes == 0
        with Share(admission) as share:
            assert await read_body(receiving([b"a" * 100] * 3), 200, Deadline(20), share) == (b"", 300)
            assert admission.bytes == 0

    asyncio.run(read_two())
