"""The `Network` of the custom runtime: it waits in an event loop, concurrently with other requests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from shared.deadline import Deadline
from shared.network.blocking import set_options
from shared.network.interface import Connection, Resolved, Signal
from shared.network.timeouts import Timeouts
from shared.network.turns import Turn, Turns

HELD = 256 * 1024  # received bytes that nobody has asked for, at which reading pauses
PIECE = 256 * 1024  # bytes passed to the transport at a time; TLS keeps a second copy of them

T = TypeVar("T")


class EventLoopNetwork:
    """Waits in the running event loop. Used in one loop only."""

    overlaps = True

    def __init__(self) -> None:
        self._turns, self._timeouts = Turns(), Timeouts()

    async def resolve(self, name: str, port: int) -> list[Resolved]:
        """Return the addresses of a host; raises OSError."""
        found = await self.call(lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        """Connect within `seconds`, with TLS established by the deadline. Raises OSError, TimeoutError."""
        loop = asyncio.get_running_loop()
        family, kind, protocol, address = to
        connected = socket.socket(family, kind, protocol)
        try:
            connected.setblocking(False)
            set_options(connected)
            await _within(seconds, loop.sock_connect(connected, address))
            server_hostname = name if tls is not None else None
            opening = loop.create_connection(
                lambda: _Connection(self._timeouts), sock=connected, ssl=tls, server_hostname=server_hostname
            )
            _, connection = await _within(deadline.left(), opening)
        except BaseException:
            connected.close()
            raise
        return connection

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        await asyncio.sleep(seconds)

    async def call(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread, so that it does not block the loop, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    def turn(self, size: int, deadline: Deadline) -> Turn:
        """Return the turn of a body that is, or may become, `size` bytes."""
        return self._turns.turn(size, deadline)

    def signal(self) -> Signal:
        """Return a signal that is not given yet."""
        return _Signal()


class _Signal:
    def __init__(self) -> None:
        self._given = asyncio.Event()

    def give(self) -> None:
        self._given.set()

    async def wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await _within(max(seconds, 0), self._given.wait())


class _Connection(asyncio.Protocol):
    """One connection. One request at a time uses it, so there is at most one receiver."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeouts = timeouts
        self._late = self._too_late  # one object, by which its timeout is cleared
        self._received = bytearray()
        self._receiver: asyncio.Future[None] | None = None
        self._ended = self._paused = self._full = self._cut_short = False
        self._failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= HELD:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._failure = error
        self._ended = True
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    async def send(self, data: bytes, deadline: Deadline) -> None:
        """Pass the data to the transport in pieces; the last is sent while the caller awaits the answer.

        If an answer arrives before all data is sent, sending stops, and the connection is not used again.
        """
        deadline.left()
        if len(data) <= PIECE and not self._ended:  # nearly always
            self._transport.write(data)
            return
        view = memoryview(data)
        for start in range(0, len(data), PIECE):
            while start and self._full and not self._received and not self._ended:
                await self._something(deadline.left())
            if self._ended:
                raise self._failure or ConnectionResetError("closed by the peer")
            if start and self._received:
                self._cut_short = True
                return
            deadline.left()
            self._transport.write(view[start : start + PIECE])

    async def receive(self, deadline: Deadline) -> bytes:
        """Return the next received data, b"" at the end. Raises OSError, TimeoutError at the deadline."""
        left = deadline.left()
        # The end of sending a large request wakes the receiver too, without an answer.
        while not self._received and not self._ended:
            await self._something(left)
            left = deadline.remaining()
        if self._received:
            data = bytes(self._received)
            self._received.clear()
            if self._paused and not self.spoiled():
                self._paused = False
                self._transport.resume_reading()
            return data
        if self._failure is not None:
            raise self._failure
        return b""

    def spoiled(self) -> bool:
        """Whether data or the end of the connection arrived while it was idle."""
        return bool(self._received) or self._ended or self._cut_short or self._transport.is_closing()

    def close(self) -> None:
        """Close it immediately; unsent data is dropped."""
        self._transport.abort()

    async def _something(self, seconds: float) -> None:
        """Wait until something happens."""
        self._receiver = self._loop.create_future()
        self._timeouts.set(self._late, seconds)
        try:
            await self._receiver
        finally:
            self._timeouts.clear(self._late)
            self._receiver = None

    def _wake(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def _too_late(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_exception(TimeoutError("out of time"))


async def _within(seconds: float, waiting: asyncio.Future[T] | Coroutine[Any, Any, T]) -> T:
    try:
        return await asyncio.wait_for(waiting, seconds)
    except asyncio.TimeoutError:  # a class of its own before Python 3.11
        raise TimeoutError("out of time") from None
