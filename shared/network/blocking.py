"""The `Network` of Function Compute's built-in runtimes: every wait blocks, nothing suspends."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from shared.deadline import Deadline
from shared.network.interface import Connection, Network, Resolved

SEND = 256 * 1024  # bytes handed to the socket at a time
RECEIVE = 64 * 1024  # bytes asked of it at a time

T = TypeVar("T")


class _Blocking:
    async def resolve(self, name: str, port: int) -> list[Resolved]:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        family, kind, protocol, address = to
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                connection.settimeout(deadline.left())
                connection = tls.wrap_socket(connection, server_hostname=name)
        except BaseException:
            connection.close()
            raise
        return _BlockingConnection(connection)

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def call(self, work: Callable[[], T]) -> T:
        return work()


BLOCKING: Network = _Blocking()


class _BlockingConnection:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    async def send(self, data: bytes, deadline: Deadline) -> None:
        """Send in pieces, since a TLS socket applies its timeout to each and not to the whole."""
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


def run(waiting: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that blocks wherever it waits; RuntimeError for one that suspends."""
    try:
        waiting.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    waiting.close()
    raise RuntimeError("something waits for an event loop where there is none")
