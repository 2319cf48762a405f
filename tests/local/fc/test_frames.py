from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from local.fc.frames import Frame, Kind, read, receive, send


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


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_the_hosts_loop_reads_the_same_frames(ends: tuple[socket.socket, socket.socket], size: int) -> None:
    async def reading() -> list[Frame | None]:
        reader, writer = await asyncio.open_unix_connection(sock=ends[1])
        got = [await read(reader), await read(reader)]
        writer.close()
        return got

    def sending() -> None:
        send(ends[0], Kind.RESULT, b"x" * size)
        ends[0].sendall(b"\x05\x00\x00\x00\x09cut")
        ends[0].close()

    sender = threading.Thread(target=sending)
    sender.start()

    got = asyncio.run(reading())

    sender.join()
    assert got == [Frame(Kind.RESULT, b"x" * size), None]
