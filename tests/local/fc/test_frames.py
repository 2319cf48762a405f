from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from local.fc.frames import Frame, Kind, receive, send


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_frame_arrives_whole(ends: tuple[socket.socket, socket.socket], size: int) -> None:
    near, far = ends
    sender = threading.Thread(target=send, args=[near, Kind.INVOKE, b"x" * size])
    sender.start()

    got = receive(far)

    sender.join()
    assert got == Frame(Kind.INVOKE, b"x" * size)


def test_the_other_sides_end_is_no_frame(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    near.sendall(b"\x02\x00\x00\x00\x09cut")
    near.close()

    assert receive(far) is None


def test_waiting_ends_at_the_deadline(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        receive(ends[1], deadline=time.monotonic() + 0.05)


def test_a_reader_that_does_not_read_ends_at_the_deadline(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        send(ends[0], Kind.INVOKE, bytes(10_000_000), deadline=time.monotonic() + 0.05)
