"""The kept-alive connection, against servers that behave and servers that do everything wrong."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from shared.deadline import Deadline
from shared.http_answer import Answer
from shared.upstream import Upstream, UpstreamUnreachable
from tests.support.raw_server import CLOSE, HANG, OK, RESET, RawServer, answer

PLENTY = 20.0  # seconds, for what should not come to its deadline
SHORT = 0.3  # seconds, for what should
LATE = 2.0  # seconds by which this machine may be late

HELLO = answer(200, b"hello")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"


def ask(upstream: Upstream, body: bytes = b"", *, seconds: float = PLENTY) -> Answer:
    return upstream.exchange("POST", "/a", (), body, deadline=Deadline(seconds))


def fails_in_time(upstream: Upstream, body: bytes = b"") -> str:
    """Return the reason; the time that it took lies between the deadline and a little later."""
    began = time.monotonic()
    with pytest.raises(UpstreamUnreachable) as caught:
        ask(upstream, body, seconds=SHORT)
    assert SHORT * 0.9 < time.monotonic() - began < SHORT + LATE
    return str(caught.value)


@contextlib.contextmanager
def peer(*behaviours: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve one connection after the other, each with its behaviour, and end what lasts at the end."""
    serving: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        for behave in behaviours:
            with contextlib.suppress(OSError), listener.accept()[0] as plain:
                with tls.wrap_socket(plain, server_side=True) if tls else plain as connection:
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
    """Return a peer that says `data`, then an `a` every 50 ms for as long as anybody listens."""

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


def test_a_request_is_sent_as_given_with_host_and_length_added() -> None:
    received = bytearray()

    def behave(connection: socket.socket) -> None:
        while not received.endswith(b"body\0\xff"):
            received.extend(connection.recv(65536))
        connection.sendall(HELLO)

    with peer(behave) as url, closing(Upstream(url)) as upstream:
        headers = (("Content-Type", "application/json"), ("x-Log-a", "b: c\t"), ("x-empty", ""))
        got = upstream.exchange("PUT", "/a%20b?c=d&e", headers, b"body\0\xff", deadline=Deadline(PLENTY))
    assert received.decode("latin-1").split("\r\n") == [
        "PUT /a%20b?c=d&e HTTP/1.1",
        f"Host: {url.removeprefix('http://')}",
        "Content-Length: 6",
        "Content-Type: application/json",
        "x-Log-a: b: c\t",
        "x-empty: ",
        "",
        "body\0\xff",
    ]
    assert (got.status, got.body) == (200, b"hello")


@pytest.mark.parametrize("length", [0, 1, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024])
def test_a_body_arrives_whole_whatever_its_size(length: int) -> None:
    body = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    with RawServer() as server, closing(Upstream(server.url)) as upstream:
        ask(upstream, body)
        assert server.received[0].body == body


@pytest.mark.parametrize("script", [OK, HELLO, CHUNKED, answer(500, b"no"), b"HTTP/1.1 204 No\r\n\r\n"])
def test_one_connection_serves_many_requests(script: bytes) -> None:
    with RawServer(script) as server, closing(Upstream(server.url)) as upstream:
        for _ in range(20):
            ask(upstream)
        assert (server.connections, len(server.received)) == (1, 20)


@pytest.mark.parametrize(
    "script",
    [answer(200, b"", "Connection: close"), b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", OK + b"more"],
)
def test_a_connection_that_cannot_serve_another_request_is_not_kept(script: bytes) -> None:
    with RawServer(script) as server, closing(Upstream(server.url)) as upstream:
        for _ in range(3):
            assert ask(upstream).status == 200
        assert (server.connections, len(server.received)) == (3, 3)


def test_a_redirect_is_an_answer_like_others() -> None:
    with (
        RawServer(answer(302, b"", "Location: http://127.0.0.1:1/")) as server,
        closing(Upstream(server.url)) as upstream,
    ):
        assert ask(upstream).status == 302
        assert len(server.received) == 1


def test_closing_ends_the_idle_connection_and_a_later_request_opens_another() -> None:
    with RawServer() as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        upstream.close()
        ask(upstream)
        assert server.connections == 2


def test_a_connection_closed_while_idle_is_replaced_without_losing_the_request() -> None:
    with RawServer(HELLO) as server, closing(Upstream(server.url)) as upstream:
        for sent in range(1, 6):
            assert ask(upstream, b"body").body == b"hello"
            assert (server.connections, len(server.received)) == (sent, sent)
            server.drop_connections()


def test_a_connection_on_which_something_came_unasked_is_replaced() -> None:
    gave_up, answered = threading.Event(), threading.Event()

    def give_up(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HELLO)
        answered.wait(PLENTY)
        connection.sendall(answer(408, b"idle for too long"))
        gave_up.set()
        never_read(connection)

    def greet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HELLO)

    with peer(give_up, greet) as url, closing(Upstream(url)) as upstream:
        ask(upstream)
        answered.set()
        assert gave_up.wait(PLENTY)
        assert ask(upstream).body == b"hello"


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_a_connection_closed_just_as_the_request_arrives_is_replaced_and_the_request_sent_once_more(
    end: bytes,
) -> None:
    with RawServer(HELLO, end, HELLO) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream, b"first")
        assert ask(upstream, b"second").body == b"hello"
        assert [(got.body, got.connection) for got in server.received] == [
            (b"first", 1),
            (b"second", 1),
            (b"second", 2),
        ]


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_a_request_is_sent_again_no_more_than_once(end: bytes) -> None:
    with RawServer(HELLO, end) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        with pytest.raises(UpstreamUnreachable):
            ask(upstream)
        assert (len(server.received), server.connections) == (3, 2)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_a_fresh_connection_that_dies_is_not_tried_again(end: bytes) -> None:
    with RawServer(end) as server, closing(Upstream(server.url)) as upstream:
        with pytest.raises(UpstreamUnreachable, match=r"Bad|Reset"):
            ask(upstream)
        assert len(server.received) == 1


def test_a_request_whose_answer_had_begun_is_not_sent_again() -> None:
    begun: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        for said in (HELLO, HELLO[:-1]):
            begun.append(connection.recv(65536))
            connection.sendall(said)
        # Unread bytes make the close a reset, once the piece of an answer has arrived.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with peer(behave) as url, closing(Upstream(url)) as upstream:
        ask(upstream)
        with pytest.raises(UpstreamUnreachable):
            ask(upstream)
    assert len(begun) == 2


@pytest.mark.parametrize("cut", [HELLO[:-1], HELLO[:9], CHUNKED[:-1]], ids=["body", "status line", "chunks"])
def test_an_answer_cut_off_on_a_kept_connection_is_not_asked_for_again(cut: bytes) -> None:
    with RawServer(HELLO, cut, then_close=False) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        dropper = threading.Thread(target=drop_after, args=(server, 2))
        dropper.start()
        with pytest.raises(UpstreamUnreachable):
            ask(upstream)
        dropper.join()
        assert len(server.received) == 2


def drop_after(server: RawServer, requests: int) -> None:
    """Close the server's connections once it has answered so many requests."""
    end = time.monotonic() + PLENTY
    while len(server.received) < requests and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(0.05)  # for the answer to be written, which nothing tells
    server.drop_connections()


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
        with pytest.raises(UpstreamUnreachable, match="BadAnswer"):
            ask(upstream)
        assert ask(upstream).body == b"hello"
        assert server.connections == 2


def test_a_server_that_hangs_is_given_up_at_the_deadline() -> None:
    with RawServer(HANG) as server, closing(Upstream(server.url)) as upstream:
        assert "Timeout" in fails_in_time(upstream)
        assert len(server.received) == 1


def test_a_server_that_hangs_on_a_kept_connection_is_not_asked_again() -> None:
    with RawServer(HELLO, HANG) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        assert "Timeout" in fails_in_time(upstream)
        assert len(server.received) == 2


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nx-a: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["nothing", "status line", "header", "body", "chunk size", "chunk", "until close"],
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


def test_a_server_that_does_not_read_is_given_up_at_the_deadline() -> None:
    with peer(never_read) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream, b"a" * 3 * 1024 * 1024)


def test_nothing_is_sent_once_the_time_is_over() -> None:
    with RawServer() as server, closing(Upstream(server.url)) as upstream:
        for seconds in (0.0, -5.0):
            with pytest.raises(UpstreamUnreachable, match="out of time"):
                ask(upstream, seconds=seconds)
        assert server.received == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_refused_port_is_unreachable_at_once() -> None:
    with pytest.raises(UpstreamUnreachable, match="Refused"):
        ask(Upstream(f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a." * 150 + "invalid", "demo.127.0.0.1"])
def test_a_name_that_does_not_resolve_is_unreachable(name: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="gaierror"):
        ask(Upstream(f"http://{name}"))


Resolved = list[tuple[int, int, int, str, tuple[str, int]]]


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[int, tuple[str, int]]) -> None:
    found: Resolved = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in addresses]

    def getaddrinfo(*_: object, **__: object) -> Resolved:
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Yield a port whose queue of connections is full, so that another one waits for ever."""
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
        assert ask(upstream, seconds=2).status == 200
        assert 0.9 < time.monotonic() - began < 2


def test_addresses_that_all_fail_are_unreachable_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf_port() as deaf, closing(Upstream("http://sls.example")) as upstream:
        resolve_to(monkeypatch, *[(socket.AF_INET, ("127.0.0.1", deaf))] * 3)
        assert "time" in fails_in_time(upstream)


INJECTIONS = ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "é", "\ud800", "a\x7fb"]


@pytest.mark.parametrize("text", [*INJECTIONS, "", "PO ST", "POST ", "GET /evil HTTP/1.1\r\n"])
def test_what_is_no_method_is_not_sent(text: str) -> None:
    with RawServer() as server, pytest.raises(ValueError, match="request line"):
        Upstream(server.url).exchange(text, "/", (), b"", deadline=Deadline(PLENTY))
    assert server.connections == 0


@pytest.mark.parametrize(
    "text", [*INJECTIONS, "", "a", "/a b", "/a HTTP/1.1\r\n\r\nGET /", *(f"/{evil}" for evil in INJECTIONS)]
)
def test_what_is_no_target_is_not_sent(text: str) -> None:
    with RawServer() as server, pytest.raises(ValueError, match="request line"):
        Upstream(server.url).exchange("GET", text, (), b"", deadline=Deadline(PLENTY))
    assert server.connections == 0


@pytest.mark.parametrize(
    "header",
    [
        *((evil, "a") for evil in (*INJECTIONS, "", "a b", "a:", " a")),
        *(("x-a", evil) for evil in INJECTIONS),
    ],
)
def test_what_is_no_header_is_not_sent_and_its_value_not_told(header: tuple[str, str]) -> None:
    with RawServer() as server, pytest.raises(ValueError, match="not a header") as caught:
        Upstream(server.url).exchange("GET", "/", [header], b"", deadline=Deadline(PLENTY))
    assert str(caught.value) == f"not a header: {header[0]!r}"
    assert server.connections == 0


@pytest.mark.parametrize(
    "address", ["sls.example", "ftp://sls.example", "http://a:0", "http://a:65536", "http://a..b"]
)
def test_what_is_no_address_is_refused_when_built(address: str) -> None:
    with pytest.raises(ValueError, match="host"):
        Upstream(address)


def test_threads_share_an_upstream_without_mixing_answers_up() -> None:
    def echo(server: RawServer, upstream: Upstream, name: str, wrong: list[str]) -> None:
        for number in range(30):
            text = f"{name}-{number}"
            got = upstream.exchange("POST", f"/{text}", (), text.encode(), deadline=Deadline(PLENTY))
            if got.status != 200 or not any(text in request.line for request in server.received):
                wrong.append(text)

    wrong: list[str] = []
    with RawServer(HELLO) as server, closing(Upstream(server.url)) as upstream:
        threads = [threading.Thread(target=echo, args=(server, upstream, name, wrong)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PLENTY)
        assert wrong == []
        assert len(server.received) == 120
        assert server.connections <= 4
        by_connection: Mapping[int, set[str]] = {got.connection: set() for got in server.received}
        assert len(by_connection) == server.connections


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make `authority` the one that clients trust."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_over_tls_one_connection_serves_many_requests(trusted: trustme.CA, version: ssl.TLSVersion) -> None:
    context = server_context(trusted, "localhost")
    context.minimum_version = context.maximum_version = version
    with (
        RawServer(HELLO, tls=context) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        for _ in range(5):
            assert ask(upstream, b"a" * 600_000).body == b"hello"
        assert (server.connections, len(server.received)) == (1, 5)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_over_tls_a_connection_that_turned_stale_is_replaced(trusted: trustme.CA, end: bytes) -> None:
    tls = server_context(trusted, "localhost")
    scripts = (HELLO, end, HELLO)
    with (
        RawServer(*scripts, tls=tls) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        ask(upstream)
        assert ask(upstream).body == b"hello"
        server.drop_connections()
        assert ask(upstream).body == b"hello"
        assert (server.connections, len(server.received)) == (3, 4)


def test_a_certificate_for_an_ip_address_is_taken(trusted: trustme.CA) -> None:
    tls = server_context(trusted, "127.0.0.1")
    with RawServer(tls=tls) as server, closing(Upstream(f"https://127.0.0.1:{server.port}")) as upstream:
        assert ask(upstream).status == 200


def test_a_certificate_for_another_name_is_refused(trusted: trustme.CA) -> None:
    with RawServer(tls=server_context(trusted, "sls.example")) as server:
        with pytest.raises(UpstreamUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(Upstream(f"https://localhost:{server.port}"))
        assert server.received == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with RawServer(tls=server_context(authority, "localhost")) as server:
        with pytest.raises(UpstreamUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(Upstream(f"https://localhost:{server.port}"))
        assert server.received == []


def test_plain_http_on_a_tls_address_is_unreachable() -> None:
    with (
        RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server,
        pytest.raises(UpstreamUnreachable, match="SSL"),
    ):
        ask(Upstream(f"https://127.0.0.1:{server.port}"), seconds=2)


def test_a_tls_server_that_never_shakes_hands_is_given_up_at_the_deadline() -> None:
    with peer(never_read) as url, closing(Upstream(url.replace("http:", "https:"))) as upstream:
        assert "time" in fails_in_time(upstream)


def test_over_tls_too_a_server_that_drips_is_given_up_at_the_deadline(trusted: trustme.CA) -> None:
    tls = server_context(trusted, "localhost")
    with peer(drip(b"HTTP/1.1 200 "), tls=tls) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream)


def test_over_tls_too_a_server_that_does_not_read_is_given_up_at_the_deadline(trusted: trustme.CA) -> None:
    tls = server_context(trusted, "localhost")
    with peer(never_read, tls=tls) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream, b"a" * 3 * 1024 * 1024)
