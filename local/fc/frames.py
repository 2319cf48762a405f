"""The protocol of host and instance: frames of one byte of kind, four bytes of length, and a payload.

They use a separate socket, because standard output belongs to the function. An instance uses blocking
calls on it, the host its event loop.
"""

from __future__ import annotations

import asyncio
import socket
import struct
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


def pack(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a frame's bytes."""
    return _HEAD.pack(kind, len(payload)) + payload


def send(channel: socket.socket, kind: Kind, payload: bytes = b"") -> None:
    """Send a whole frame. Raises OSError if the other side is gone."""
    channel.sendall(pack(kind, payload))


def receive(channel: socket.socket) -> Frame | None:
    """Wait for the next frame; None when the other side is gone."""
    head = _read(channel, _HEAD.size)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    payload = _read(channel, length)
    return None if payload is None else Frame(Kind(kind), payload)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """Wait for the next frame; None when the other side is gone."""
    try:
        kind, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        return Frame(Kind(kind), await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _read(channel: socket.socket, length: int) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        try:
            chunk = channel.recv(min(_CHUNK, length - len(received)))
        except ConnectionError:
            return None
        if not chunk:
            return None
        received += chunk
    return bytes(received)
