"""Reading a body: whole up to the limit, counted and dropped past it, given up in time."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline
from shared.hosts.custom.asgi import Message, Receive
from shared.hosts.custom.body import Body, Gone, announced, read_body

LIMIT = 100


def receiving(pieces: Sequence[bytes]) -> Receive:
    coming = list(pieces)

    async def receive() -> Message:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    return receive


def read(*pieces: bytes, limit: int = LIMIT) -> Body:
    return asyncio.run(read_body(receiving(pieces), limit, Deadline(20)))


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
def test_a_body_is_whole_or_it_is_only_counted(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert read(*pieces) == ((whole, len(whole)) if len(whole) <= LIMIT else (b"", len(whole)))


def test_the_largest_body_passes_and_one_byte_more_is_dropped() -> None:
    assert read(b"a" * LIMIT) == (b"a" * LIMIT, LIMIT)
    assert read(b"a" * LIMIT, b"b") == (b"", LIMIT + 1)
    assert read(b"a" * (LIMIT + 1)) == (b"", LIMIT + 1)


def test_of_a_body_far_too_large_nothing_is_kept() -> None:
    piece = bytes(64 * 1024)
    tracemalloc.start()
    try:
        assert read(*[piece] * 512, limit=3 * 1024 * 1024).size == 32 * 1024 * 1024
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_client_that_goes_is_gone() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(Gone, match="gone"):
        asyncio.run(read_body(receive, LIMIT, Deadline(20)))


def test_a_client_that_dawdles_is_given_up_at_the_deadline() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def read_late() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(Gone, match="in time"):
            await read_body(receive, 10**9, Deadline(0.2))
        await asyncio.sleep(0)  # whoever was cancelled for the deadline's sake goes on undisturbed
        return loop.time() - began

    assert 0.15 < asyncio.run(read_late()) < 5


def test_a_server_that_stops_is_not_mistaken_for_the_deadline() -> None:
    async def stop() -> None:
        async def receive() -> Message:
            await asyncio.sleep(20)
            raise AssertionError

        reading = asyncio.create_task(read_body(receive, LIMIT, Deadline(20)))
        await asyncio.sleep(0.01)
        reading.cancel()
        await reading

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], 0),
        ([(b"content-length", b"0")], 0),
        ([(b"Content-Length", b"100")], 100),
        ([(b"content-length", b"101")], 100),
        ([(b"content-length", b"99999999999999999999")], 100),
        ([(b"content-length", b"-1")], 100),
        ([(b"content-length", "٣".encode())], 100),
        ([(b"transfer-encoding", b"chunked")], 100),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"1")], 100),
    ],
)
def test_what_a_body_may_take_is_judged_by_the_headers(
    headers: list[tuple[bytes, bytes]], expected: int
) -> None:
    assert announced({"headers": headers}, LIMIT) == expected
