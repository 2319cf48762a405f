"""What the host and an instance say to each other: frames of one byte of kind, four of length, a payload.

They travel over a socket of their own, because standard output belongs to the function.
"""

from __future__ import annotations

import socket
import struct
import time
from enum import IntEnum
from typing import NamedTuple

_HEAD = struct.Struct("!BI")
_CHUNK = 1 << 20


class Kind(IntEnum):
    """START, INVOKE and STOP come from the host; READY, RESULT and FAILURE answer them."""

    START = 1
    INVOKE = 2
    STOP = 3
    READY = 4
    RESULT = 5
    FAILURE = 6


class Frame(NamedTuple):
    """One message."""

    kind: Kind
    payload: bytes


def send(channel: socket.socket, kind: Kind, payload: bytes = b"", *, deadline: float | None = None) -> None:
    """Send a frame whole. Raises TimeoutError past `deadline` (time.monotonic()), OSError if nobody reads."""
    channel.settimeout(_left(deadline))
    channel.sendall(_HEAD.pack(kind, len(payload)) + payload)


def receive(channel: socket.socket, *, deadline: float | None = None) -> Frame | None:
    """Wait for the next frame; None when the other side is gone. Raises TimeoutError past `deadline`."""
    head = _read(channel, _HEAD.size, deadline)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    payload = _read(channel, length, deadline)
    return None if payload is None else Frame(Kind(kind), payload)


def _read(channel: socket.socket, length: int, deadline: float | None) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        channel.settimeout(_left(deadline))
        try:
            chunk = channel.recv(min(_CHUNK, length - len(received)))
        except ConnectionError:
            return None
        if not chunk:
            return None
        received += chunk
    return bytes(received)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
