"""The keep-alive connection: requests, reuse, and which requests may be resent."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from contextlib import closing
from typing import ClassVar

import pytest

from shared.deadline import Deadline
from shared.network.client import Unreachable
from tests.shared.network.peers import CHUNKED, HELLO, PLENTY, Upstream, ask, never_read, peer
from tests.support.raw_server import CLOSE, OK, RESET, RawServer, answer
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("way")


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


def test_a_large_body_that_is_taken_slowly_is_answered() -> None:
    # The last of it is still on its way while the answer is awaited; that it is sent is no end of anything.
    body, taken = bytes(8 * 1024 * 1024), bytearray()

    def behave(connection: socket.socket) -> None:
        while not taken.endswith(body):
            taken.extend(connection.recv(65536))
        time.sleep(0.05)
        connection.sendall(HELLO)

    with peer(behave) as url, closing(Upstream(url)) as upstream:
        assert ask(upstream, body).body == b"hello"


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
        with pytest.raises(Unreachable):
            ask(upstream)
        assert (len(server.received), server.connections) == (3, 2)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_a_fresh_connection_that_dies_is_not_tried_again(end: bytes) -> None:
    with RawServer(end) as server, closing(Upstream(server.url)) as upstream:
        with pytest.raises(Unreachable, match=r"Bad|Reset"):
            ask(upstream)
        assert len(server.received) == 1


def test_a_request_whose_answer_had_begun_is_not_sent_again() -> None:
    begun: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        for said in (HELLO, HELLO[:-1]):
            begun.append(connection.recv(65536))
            connection.sendall(said)
        # Unread bytes turn the close into a reset, after a part of the answer has arrived.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with peer(behave) as url, closing(Upstream(url)) as upstream:
        ask(upstream)
        with pytest.raises(Unreachable):
            ask(upstream)
    assert len(begun) == 2


@pytest.mark.parametrize("cut", [HELLO[:-1], HELLO[:9], CHUNKED[:-1]], ids=["body", "status line", "chunks"])
def test_an_answer_cut_off_on_a_kept_connection_is_not_asked_for_again(cut: bytes) -> None:
    with RawServer(HELLO, cut, then_close=False) as server, closing(Upstream(server.url)) as upstream:
        ask(upstream)
        dropper = threading.Thread(target=drop_after, args=(server, 2))
        dropper.start()
        with pytest.raises(Unreachable):
            ask(upstream)
        dropper.join()
        assert len(server.received) == 2


def drop_after(server: RawServer, requests: int) -> None:
    """Close the server's connections after so many answers."""
    until(lambda: server.answered == requests, PLENTY)
    server.drop_connections()


INJECTIONS = ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "é", "\ud800", "a\x7fb"]


@pytest.mark.parametrize("text", [*INJECTIONS, "", "PO ST", "POST ", "GET /evil HTTP/1.1\r\n"])
def test_what_is_no_method_is_not_sent(text: str) -> None:
    with RawServer() as server, pytest.raises(ValueError, match="not the head"):
        Upstream(server.url).exchange(text, "/", (), b"", deadline=Deadline(PLENTY))
    assert server.connections == 0


@pytest.mark.parametrize(
    "text", [*INJECTIONS, "", "a", "/a b", "/a HTTP/1.1\r\n\r\nGET /", *(f"/{evil}" for evil in INJECTIONS)]
)
def test_what_is_no_target_is_not_sent(text: str) -> None:
    with RawServer() as server, pytest.raises(ValueError, match="not the head"):
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
    with RawServer() as server, pytest.raises(ValueError, match="not the head") as caught:
        Upstream(server.url).exchange("GET", "/", [header], b"", deadline=Deadline(PLENTY))
    assert str(caught.value) == "not the head of a request"
    assert server.connections == 0


@pytest.mark.parametrize(
    "address", ["sls.example", "ftp://sls.example", "http://a:0", "http://a:65536", "http://a..b"]
)
def test_what_is_no_address_is_refused_when_built(address: str) -> None:
    with pytest.raises(ValueError, match="host"):
        Upstream(address)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request's own body, many connections at once."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[object]] = set()

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Send nothing."""


def test_threads_share_an_upstream_without_mixing_answers_up() -> None:
    def talk(upstream: Upstream, name: str) -> None:
        for number in range(30):
            text = f"{name}-{number}".encode()
            answers.append((text, ask(upstream, text).body))

    answers: list[tuple[bytes, bytes]] = []
    Echo.connections.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        with closing(Upstream(f"http://127.0.0.1:{server.server_port}")) as upstream:
            threads = [threading.Thread(target=talk, args=(upstream, name)) for name in "abcd"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PLENTY)
        server.shutdown()
        serving.join(PLENTY)
    assert len(answers) == 120
    assert all(asked == answered for asked, answered in answers)
    assert len(Echo.connections) <= 4
