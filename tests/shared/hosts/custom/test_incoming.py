"""A request as it comes in: its body whole up to the limit, counted and dropped past it, given up in time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.incoming import RATE, WINDOW, Incoming, Pace

LIMIT = 100


def incoming(admission: Admission | None = None, *, limit: int = LIMIT) -> Incoming:
    return Incoming(admission or Admission(1, 10**9, 0), limit, "POST", "/", b"", [])


def read(*pieces: bytes, limit: int = LIMIT) -> tuple[bytes, int]:
    request = incoming(limit=limit)
    for piece in pieces:
        request.add(piece)
    return request.take_body(), request.size


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_a_body_is_whole_or_it_is_only_counted(pieces: Sequence[bytes]) -> None:
    whole = b"".join(pieces)
    assert read(*pieces) == ((whole, len(whole)) if len(whole) <= LIMIT else (b"", len(whole)))


def test_the_largest_body_passes_and_one_byte_more_is_dropped() -> None:
    assert read(b"a" * LIMIT) == (b"a" * LIMIT, LIMIT)
    assert read(b"a" * LIMIT, b"b") == (b"", LIMIT + 1)
    assert read(b"a" * (LIMIT + 1), b"b") == (b"", LIMIT + 2)


def test_of_a_body_far_too_large_no_more_than_the_limit_is_ever_kept() -> None:
    piece = bytes(64 * 1024)
    tracemalloc.start()
    try:
        assert read(*[piece] * 512, limit=3 * 1024 * 1024)[1] == 32 * 1024 * 1024
        now, peak = tracemalloc.get_traced_memory()
        assert now < 1024 * 1024
        assert peak < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_bytes_are_taken_as_they_arrive_and_given_back_once() -> None:
    admission = Admission(1, 250, 0)
    first, other = incoming(admission, limit=200), incoming(admission, limit=200)
    held = []
    for _ in range(4):
        held.append(admission.bytes)
        first.add(b"a" * 50)
    assert held == [0, 50, 100, 150]
    other.add(b"a" * 50)
    assert not other.overflowed
    other.add(b"a")
    assert other.overflowed
    assert admission.bytes == 200
    assert first.take_body() == b"a" * 200
    assert admission.bytes == 200  # whoever has it now holds as much
    for request in (first, other, first):
        request.drop()
    assert admission.bytes == 0


def test_a_body_that_is_too_large_holds_nothing() -> None:
    admission = Admission(1, 250, 0)
    request = incoming(admission, limit=200)
    for _ in range(3):
        request.add(b"a" * 100)
    assert (admission.bytes, request.size, request.take_body()) == (0, 300, b"")
    assert not request.overflowed


def test_data_after_the_end_is_not_accepted() -> None:
    admission = Admission(1, 250, 0)
    request = incoming(admission)
    request.over = True
    request.add(b"a")
    assert (admission.bytes, request.take_body()) == (0, b"")


@pytest.mark.parametrize(("less", "late"), [(0, False), (1, True)])
def test_the_lowest_rate_is_enough_and_a_byte_a_window_less_is_not(less: int, late: bool) -> None:
    pace, size = Pace(0, Deadline(1000)), 0
    for _ in range(3):  # as the timer would, each time that a window has passed
        assert pace.next_look() == WINDOW
        size += int(WINDOW * RATE) - less
        if pace.too_slow(size):
            break
    assert pace.too_slow(size + int(WINDOW * RATE) - less) is late


@pytest.mark.parametrize("left", [WINDOW - 0.5, 0.001, 0, -1])
def test_the_last_look_is_at_the_deadline_and_late_however_much_has_come(left: float) -> None:
    pace = Pace(0, Deadline(left))
    assert 0 <= pace.next_look() <= max(left, 0)
    assert pace.too_slow(10**9)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [([(b"Expect", b"100-Continue")], True), ([(b"expect", b"else")], False), ([], False)],
)
def test_a_client_that_waits_for_a_word_says_so(headers: list[tuple[bytes, bytes]], expected: bool) -> None:
    assert Incoming(Admission(1), 1, "POST", "/", b"", headers).expects_continue() is expected
