"""Kept connections: how long they are reused, and what happens when DNS changes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from shared.deadline import Deadline
from shared.network import client
from shared.network.blocking import BLOCKING
from shared.network.blocking import run as blocking_run
from shared.network.client import MAX_AGE, MAX_IDLE, HttpClient, Unreachable
from shared.network.event_loop import EventLoopNetwork
from shared.network.interface import Connection, Network, Resolved, Signal, Turn
from tests.support.raw_server import OK, RawServer

T = TypeVar("T")


class Moving:
    """A network whose one name moves to another address: connections to the old one get no answer."""

    overlaps = False

    def __init__(self) -> None:
        self.place = 1
        self.connections: list[Peer] = []
        self.resolved = 0

    async def resolve(self, name: str, port: int) -> list[Resolved]:
        self.resolved += 1
        return [(2, 1, 6, (name, port))]

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        del to, seconds, tls, name, deadline
        self.connections.append(Peer(self))
        return self.connections[-1]

    async def pause(self, seconds: float) -> None:
        """No time passes."""

    async def call(self, work: Callable[[], T]) -> T:
        return work()

    def turn(self, size: int, deadline: Deadline) -> Turn:
        return BLOCKING.turn(size, deadline)

    def signal(self) -> Signal:
        raise AssertionError("nobody waits for one")


class Peer:
    def __init__(self, network: Moving) -> None:
        self._network = network
        self._place = network.place
        self.closed = False

    async def send(self, data: bytes, deadline: Deadline) -> None:
        del data, deadline
        assert not self.closed

    async def receive(self, deadline: Deadline) -> bytes:
        del deadline
        await asyncio.sleep(0)
        if self._place != self._network.place:
            raise TimeoutError("out of time")
        return OK

    def spoiled(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def ask(upstream: HttpClient) -> bool:
    try:
        await upstream.exchange("POST", "/", (), b"", deadline=Deadline(20))
    except Unreachable:
        return False
    return True


async def with_kept(count: int) -> tuple[Moving, HttpClient]:
    network = Moving()
    upstream = HttpClient("http://sls.example.com", network)
    assert all(await asyncio.gather(*(ask(upstream) for _ in range(count))))
    assert len(network.connections) == count
    return network, upstream


def test_when_the_name_moves_one_request_pays() -> None:
    async def go() -> list[bool]:
        network, upstream = await with_kept(32)
        network.place += 1
        answered = [await ask(upstream) for _ in range(32)]
        assert all(peer.closed for peer in network.connections[:32])
        assert network.resolved == 33
        return answered

    assert asyncio.run(go()) == [False, *[True] * 31]


def test_requests_that_were_under_way_when_it_moved_pay_once_and_those_after_them_do_not() -> None:
    async def go() -> tuple[int, list[bool]]:
        network, upstream = await with_kept(32)
        network.place += 1
        under_way = await asyncio.gather(*(ask(upstream) for _ in range(8)))
        return under_way.count(False), [await ask(upstream) for _ in range(32)]

    assert asyncio.run(go()) == (8, [True] * 32)


@pytest.mark.parametrize(
    ("pauses", "connections"),
    [
        ([0.0], 1),
        ([MAX_IDLE - 1], 1),
        ([MAX_IDLE + 1], 2),
        ([MAX_IDLE - 1] * int(MAX_AGE / (MAX_IDLE - 1)), 1),
        ([MAX_IDLE - 1] * (int(MAX_AGE / (MAX_IDLE - 1)) + 1), 2),
    ],
)
def test_a_connection_is_replaced_when_it_is_old_or_was_idle_for_long(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float], connections: int
) -> None:
    now = 1000.0
    monkeypatch.setattr(client, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now)}))

    async def go() -> int:
        nonlocal now
        network, upstream = await with_kept(1)
        for pause in pauses:
            now += pause
            assert await ask(upstream)
        assert [peer.closed for peer in network.connections] == [True] * (connections - 1) + [False]
        return len(network.connections)

    assert asyncio.run(go()) == connections


def test_unused_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(client, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now)}))

    async def go() -> list[bool]:
        nonlocal now
        network, upstream = await with_kept(5)
        for _ in range(3):
            now += MAX_IDLE / 2
            assert await ask(upstream)
        return [peer.closed for peer in network.connections]

    assert sorted(asyncio.run(go())) == [False, *[True] * 4]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel has no such option")
def test_a_peer_that_acknowledges_nothing_is_noticed_before_the_deadline() -> None:
    """On loopback every peer acknowledges, so only the socket option is checked."""
    for connected in (blocking_run(_socket(BLOCKING)), asyncio.run(_socket(EventLoopNetwork()))):
        with connected:
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 3000


async def _socket(network: Network) -> socket.socket:
    """Return the transport of a connection."""
    with RawServer() as server:
        (address, *_) = await network.resolve("127.0.0.1", server.port)
        connection = await network.connect(address, 20, None, "127.0.0.1", Deadline(20))
        transport = getattr(connection, "_transport", None)
        used: Any = transport.get_extra_info("socket") if transport else getattr(connection, "_socket", None)
        options = socket.socket(fileno=socket.dup(used.fileno()))
        connection.close()
        return options
