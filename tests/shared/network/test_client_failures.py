"""Failing servers and networks: each counts as unreachable, in time."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from shared.network.client import Unreachable
from tests.shared.network.peers import HELLO, Upstream, ask, drip, fails_in_time, never_read, peer, sip
from tests.support.ports import free_port
from tests.support.raw_server import HANG, RawServer
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("way")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\1\2\3" * 100 + b"\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n: \r\n\r\n",
        b"<html>" + b"a" * 100_000,
    ],
    ids=["binary", "ssh", "header", "long"],
)
def test_garbage_is_unreachable_and_the_connection_not_kept(garbage: bytes) -> None:
    with RawServer(garbage, HELLO) as server, closing(Upstream(server.url)) as upstream:
        with pytest.raises(Unreachable, match="BadAnswer"):
            ask(upstream)
        assert ask(upstream).body == b"hello"
        assert server.connections == 2


def test_a_server_that_hangs_is_given_up_at_the_deadline() -> None:
    with RawServer(HANG) as server, closing(Upstream(server.url)) as upstream:
        assert "Timeout" in fails_in_time(upstream)
        assert until(lambda: len(server.received) == 1)


def test_a_server_that_hangs_on_a_kept_connection_is_not_asked_again() -> None:
    with RawServer(HELLO, HANG) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        assert "Timeout" in fails_in_time(upstream)
        assert until(lambda: len(server.received) == 2)
        assert server.connections == 1


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nx-a: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["version", "status line", "header", "body", "chunk size", "chunk", "until close"],
)
def test_a_server_that_drips_for_ever_is_given_up_at_the_deadline(start: bytes) -> None:
    with peer(drip(start)) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream)


def test_interim_answers_without_end_are_given_up_at_the_deadline() -> None:
    def behave(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    with peer(behave) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream)


@pytest.mark.parametrize("behave", [never_read, sip])
def test_a_server_that_hardly_reads_is_given_up_at_the_deadline(
    behave: Callable[[socket.socket], None],
) -> None:
    with peer(behave) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream, b"a" * 3 * 1024 * 1024)


def test_nothing_is_sent_once_the_time_is_over() -> None:
    with RawServer() as server, closing(Upstream(server.url)) as upstream:
        for seconds in (0.0, -5.0):
            with pytest.raises(Unreachable, match="out of time"):
                ask(upstream, seconds=seconds)
        assert server.received == []


def test_a_refused_port_is_unreachable_at_once() -> None:
    with pytest.raises(Unreachable, match="Refused"):
        ask(Upstream(f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a." * 150 + "invalid", "demo.127.0.0.1"])
def test_a_name_that_does_not_resolve_is_unreachable(name: str) -> None:
    with pytest.raises(Unreachable, match="gaierror"):
        ask(Upstream(f"http://{name}"))


Resolved = list[tuple[int, int, int, str, tuple[str, int]]]


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[int, tuple[str, int]]) -> None:
    found: Resolved = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in addresses]

    def getaddrinfo(*_: object, **__: object) -> Resolved:
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Yield a port whose queue of connections is full, so that another one waits forever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_an_address_that_refuses_is_passed_over_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer() as server, closing(Upstream("http://sls.example")) as upstream:
        good = ("127.0.0.1", server.port)
        resolve_to(monkeypatch, (socket.AF_INET, ("127.0.0.1", free_port())), (socket.AF_INET, good))
        assert ask(upstream).status == 200


def test_an_address_of_a_family_that_the_host_lacks_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer() as server, closing(Upstream("http://sls.example")) as upstream:
        good = ("127.0.0.1", server.port)
        resolve_to(monkeypatch, (9999, ("::1", 1)), (socket.AF_INET, good))
        assert ask(upstream).status == 200


def test_an_address_that_does_not_answer_takes_only_its_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with deaf_port() as deaf, RawServer() as server, closing(Upstream("http://sls.example")) as upstream:
        good = ("127.0.0.1", server.port)
        resolve_to(monkeypatch, (socket.AF_INET, ("127.0.0.1", deaf)), (socket.AF_INET, good))
        began = time.monotonic()
        assert ask(upstream, seconds=4).status == 200
        assert 1.9 < time.monotonic() - began < 4


def test_addresses_that_all_fail_are_unreachable_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf_port() as deaf, closing(Upstream("http://sls.example")) as upstream:
        resolve_to(monkeypatch, *[(socket.AF_INET, ("127.0.0.1", deaf))] * 3)
        assert "time" in fails_in_time(upstream)
