"""Peers with any behaviour, and requests to them."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pytest
import uvloop

from shared.deadline import Deadline
from shared.network import client
from shared.network.answers import Answer
from shared.network.blocking import BLOCKING, run
from shared.network.client import Unreachable
from shared.network.event_loop import EventLoopNetwork
from tests.support.loop import Loop
from tests.support.raw_server import answer

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]

PLENTY = 20.0  # seconds, for what should not reach its deadline
SHORT = 0.3  # seconds, for what should
LATE = 10.0  # seconds of tolerance for a busy machine; what does not end in time does not end at all
HELLO = answer(200, b"hello")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}
NETWORKS = ("blocking", *LOOPS)


class _Way:
    """How the code under test waits; a fixture sets it."""

    loop: Loop | None = None


@contextlib.contextmanager
def over(name: str) -> Iterator[None]:
    """Use the network of this name from now on."""
    new = LOOPS.get(name)
    _Way.loop = Loop(new) if new else None
    yield
    if _Way.loop is not None:
        _Way.loop.stop()
        _Way.loop = None


class Upstream:
    """`shared.network.client.HttpClient` for callers that block, over the network of this test."""

    def __init__(self, address: str) -> None:
        self._upstream = client.HttpClient(address, EventLoopNetwork() if _Way.loop else BLOCKING)
        self.host = self._upstream.host

    def exchange(
        self, method: str, target: str, headers: Headers, body: bytes, *, deadline: Deadline
    ) -> Answer:
        asking = self._upstream.exchange(method, target, headers, body, deadline=deadline)
        return _Way.loop.run(asking) if _Way.loop else run(asking)

    def close(self) -> None:
        if _Way.loop:
            _Way.loop.call(self._upstream.close)
        else:
            self._upstream.close()


def ask(client: Upstream, body: bytes = b"", *, seconds: float = PLENTY) -> Answer:
    return client.exchange("POST", "/a", (), body, deadline=Deadline(seconds))


def fails_in_time(client: Upstream, body: bytes = b"") -> str:
    """Return the reason; it must come at the deadline or slightly later."""
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        ask(client, body, seconds=SHORT)
    assert SHORT * 0.9 < time.monotonic() - began < SHORT + LATE
    return str(caught.value)


@contextlib.contextmanager
def peer(*behaviours: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve one connection after the other, each with its behaviour; close the rest at the end."""
    serving: list[socket.socket] = []

    def accept(listener: socket.socket) -> socket.socket:
        plain, _ = listener.accept()
        return tls.wrap_socket(plain, server_side=True) if tls else plain

    def serve(listener: socket.socket) -> None:
        for behave in behaviours:
            with contextlib.suppress(OSError), accept(listener) as connection:
                serving.append(connection)
                behave(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{listener.getsockname()[1]}"
        finally:
            for ending in (listener, *serving):
                with contextlib.suppress(OSError):
                    ending.shutdown(socket.SHUT_RDWR)
            thread.join(PLENTY)
    assert not thread.is_alive()


def drip(data: bytes) -> Callable[[socket.socket], None]:
    """Return a peer that sends `data`, then an `a` every 50 ms while the connection is open."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        while not select.select([connection], [], [], 0.05)[0]:
            connection.sendall(b"a")

    return behave


def never_read(connection: socket.socket) -> None:
    """Read nothing for as long as the connection lasts."""
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    poller.poll(PLENTY * 1000)


def sip(connection: socket.socket) -> None:
    """Read slowly, so that every single send makes progress."""
    while connection.recv(4096):
        time.sleep(0.02)
