"""The `Network` of the built-in runtimes, where every wait blocks, and `run`, which needs no event loop."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from shared.deadline import Deadline

if TYPE_CHECKING:
    from shared.network.interface import Connection, Network, Resolved, Signal, Turn

SEND = 256 * 1024  # bytes passed to the socket at a time
RECEIVE = 64 * 1024  # bytes read from it at a time
# Seconds in which a peer must acknowledge sent data. A slow peer acknowledges at once; one that is gone, for
# example after a DNS change, is detected long before the deadline.
ACKNOWLEDGED = 3.0

T = TypeVar("T")


def set_options(connection: socket.socket) -> None:
    """Have a socket send small writes immediately and detect a dead peer (tcp(7))."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * ACKNOWLEDGED))


class _Blocking:
    overlaps = False

    async def resolve(self, name: str, port: int) -> list[Resolved]:
        # As bytes: a str would import the IDNA codec and Unicode tables in every cold start.
        found = socket.getaddrinfo(name.encode("ascii"), port, type=socket.SOCK_STREAM)
        return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        family, kind, protocol, address = to
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            set_options(connection)
            connection.connect(address)
            if tls is not None:
                connection.settimeout(deadline.left())
                connection = tls.wrap_socket(connection, server_hostname=name.encode("ascii"))
        except BaseException:
            connection.close()
            raise
        return _BlockingConnection(connection)

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def call(self, work: Callable[[], T]) -> T:
        return work()

    def turn(self, size: int, deadline: Deadline) -> Turn:  # noqa: ARG002 - there is one request: its turn
        return _ALONE

    def signal(self) -> Signal:
        return _BlockingSignal()


class _Alone:
    async def __aenter__(self) -> Turn:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def work(self, work: Callable[[], T]) -> T:
        return work()

    def keep(self, size: int) -> None:
        pass


_ALONE: Turn = _Alone()
BLOCKING: Network = _Blocking()


class _BlockingSignal:
    """Works across threads, although a built-in runtime has only one."""

    def __init__(self) -> None:
        self._given = threading.Event()

    def give(self) -> None:
        self._given.set()

    async def wait(self, seconds: float) -> None:
        self._given.wait(max(seconds, 0))


class _BlockingConnection:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    async def send(self, data: bytes, deadline: Deadline) -> None:
        """Send in pieces, because a TLS socket applies its timeout to each write, not to all."""
        view = memoryview(data)
        while view:
            self._socket.settimeout(deadline.left())
            view = view[self._socket.send(view[:SEND]) :]

    async def receive(self, deadline: Deadline) -> bytes:
        self._socket.settimeout(deadline.left())
        return self._socket.recv(RECEIVE)

    def spoiled(self) -> bool:
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return bool(poller.poll(0))

    def close(self) -> None:
        self._socket.close()


def run(waiting: Awaitable[T]) -> T:
    """Return the result of a coroutine that only blocks. Raises RuntimeError if it suspends."""
    steps = waiting.__await__()
    try:
        next(steps)
    except StopIteration as done:
        value: T = done.value
        return value
    raise RuntimeError("the coroutine needs an event loop, but there is none")
