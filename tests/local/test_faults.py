from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.faults import Fault, Faults, Stage
from local.serving import Server
from tests.support.waiting import until

REQUEST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"


class Echo:
    """An application behind faults that echoes and records its requests."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.handled: list[bytes] = []
        self.app = self.faults.wrap(
            Starlette(routes=[Route("/{path:path}", self._echo, methods=["GET", "POST"])])
        )

    async def _echo(self, request: Request) -> Response:
        self.handled.append(await request.body())
        return PlainTextResponse(self.handled[-1])


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(echo: Echo) -> Iterator[Server]:
    with Server(echo.app) as server:
        yield server
        echo.faults.clear()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def exchange(server: Server, request: bytes = REQUEST) -> bytes:
    """Send raw bytes and return all that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_without_a_rule_requests_pass_and_are_counted(echo: Echo, client: httpx.Client) -> None:
    assert client.post("/a", content=b"body").content == b"body"
    assert (echo.faults.seen, echo.faults.struck) == (1, 0)


def test_a_status_comes_in_the_shape_of_the_service_with_the_headers_asked_for(
    echo: Echo, client: httpx.Client
) -> None:
    echo.faults.add(Fault.status(503, code="ServerBusy", message="busy", headers={"Retry-After": "2"}))

    answer = client.post("/a", content=b"body")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json() == {"errorCode": "ServerBusy", "errorMessage": "busy"}
    assert echo.handled == []


def test_another_service_renders_its_own_errors() -> None:
    faults = Faults(lambda code, message: f"{code}|{message}".encode())
    faults.add(Fault.status(400, code="Throttling.User", message="slow down"))
    app = faults.wrap(Starlette())

    with Server(app) as server:
        assert httpx.get(server.url).text == "Throttling.User|slow down"


def test_a_rule_ends_after_its_times_and_the_next_one_follows(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.status(500, code="InternalServerError"), times=2)
    echo.faults.add(Fault.status(503, code="ServerBusy"), times=1)

    assert [client.get("/a").status_code for _ in range(4)] == [500, 500, 503, 200]
    assert (echo.faults.seen, echo.faults.struck) == (4, 3)


@pytest.mark.parametrize("on", ["/logstores/a", lambda target: target.startswith("GET /logstores/a?")])
def test_a_rule_may_be_limited_to_some_requests(
    echo: Echo, client: httpx.Client, on: str | Callable[[str], bool]
) -> None:
    echo.faults.add(Fault.status(500, code="InternalServerError"), on=on)

    assert client.get("/logstores/b?x=1").status_code == 200
    assert client.get("/logstores/a?x=1").status_code == 500


def test_clear_ends_a_rule_without_times(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.status(500, code="InternalServerError"))
    assert [client.get("/a").status_code for _ in range(3)] == [500, 500, 500]

    echo.faults.clear()

    assert client.get("/a").status_code == 200


def test_a_fault_that_is_removed_leaves_the_others(echo: Echo, client: httpx.Client) -> None:
    busy, gone = (Fault.status(status, code="Fault") for status in (503, 404))
    for fault in (busy, gone):
        echo.faults.add(fault)

    before = client.get("/a").status_code
    echo.faults.remove(busy)
    echo.faults.remove(busy)  # allowed: it is not there any more

    assert (before, client.get("/a").status_code) == (503, 404)


def test_a_rule_for_no_request_at_all_is_refused(echo: Echo) -> None:
    with pytest.raises(ValueError, match="times is 0"):
        echo.faults.add(Fault.reset(), times=0)


@pytest.mark.parametrize("stage", ["head", "body", "handled"])
def test_a_reset_is_a_real_one(echo: Echo, server: Server, stage: Stage) -> None:
    echo.faults.add(Fault.reset(stage=stage))

    with pytest.raises(ConnectionResetError):
        exchange(server)
    assert echo.handled == ([b"body"] if stage == "handled" else [])


def test_a_reset_at_the_head_does_not_wait_for_the_body(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.reset(stage="head"))

    with pytest.raises(ConnectionResetError):
        exchange(server, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nonly this")


def test_a_reset_is_a_real_one_under_tls(echo: Echo, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    echo.faults.add(Fault.reset(), times=1)
    both = str(tmp_path / "both.pem")

    with Server(echo.app, tls=(both, both)) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            connection.sendall(REQUEST)
            # Read beside OpenSSL, which may call a reset an early end of file.
            with socket.socket(fileno=os.dup(connection.fileno())) as kernel:
                kernel.settimeout(5)
                with pytest.raises(ConnectionResetError):
                    list(iter(lambda: kernel.recv(4096), b""))  # session tickets, then the reset


def test_a_client_that_leaves_in_mid_body_does_no_harm(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.status(500, code="InternalServerError"), times=1)

    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this")
        assert until(lambda: echo.faults.struck == 1)

    assert httpx.post(server.url, content=b"next").content == b"next"


def test_a_close_is_in_good_order_and_without_an_answer(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.close())

    assert exchange(server) == b""
    assert echo.handled == []


def test_a_write_may_be_done_and_only_its_answer_lost(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.close(stage="handled"))

    assert exchange(server) == b""
    assert echo.handled == [b"body"]


def test_garbage_is_not_http(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.garbage())

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/a")


def test_garbage_of_ones_own_arrives_as_given(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.garbage(b"SSH-2.0-OpenSSH\r\n"))

    assert exchange(server) == b"SSH-2.0-OpenSSH\r\n"


def test_a_truncated_answer_ends_before_its_length(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.truncated())

    with pytest.raises(httpx.RemoteProtocolError, match="received 9 bytes, expected 100"):
        client.get("/a")


def test_a_dripping_answer_is_whole_but_slow(echo: Echo, server: Server) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    echo.faults.add(Fault.drip(answer, interval=0.01))
    began = time.monotonic()

    assert exchange(server) == answer
    assert time.monotonic() - began >= 0.01 * len(answer) * 0.9


def test_a_dripping_answer_beats_a_timeout_for_each_read(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.drip(interval=0.04))
    began = time.monotonic()

    assert httpx.get(server.url, timeout=1.5).text == "ok"
    assert time.monotonic() - began > 1.5


def test_a_hanging_request_goes_on_after_its_seconds(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.hang(0.1))
    began = time.monotonic()

    assert client.post("/a", content=b"body").content == b"body"
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("stage", ["head", "body", "handled"])
def test_a_hanging_request_goes_on_when_released(echo: Echo, client: httpx.Client, stage: Stage) -> None:
    echo.faults.add(Fault.hang(stage=stage))
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(client.post("/a", content=b"body").content))
    thread.start()
    assert until(lambda: echo.faults.struck == 1)
    if stage == "handled":
        assert until(lambda: echo.handled == [b"body"])
    assert answers == []

    def let_go() -> bool:
        echo.faults.release()  # repeatedly: the first call may come before the request hangs
        return not thread.is_alive()

    assert until(let_go)

    assert (answers, echo.handled) == ([b"body"], [b"body"])


def test_a_client_that_gives_up_on_a_hanging_request_is_not_served(echo: Echo, server: Server) -> None:
    echo.faults.add(Fault.hang(), times=1)

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.url, content=b"body", timeout=0.1)
    assert until(lambda: echo.faults.struck == 1)
    echo.faults.release()

    assert httpx.post(server.url, content=b"next").content == b"next"
    assert echo.handled == [b"next"]


def test_after_a_fault_the_connection_serves_on(echo: Echo, client: httpx.Client) -> None:
    echo.faults.add(Fault.status(500, code="InternalServerError"), times=1, on="/a")

    assert client.post("/a", content=b"1").status_code == 500
    assert client.post("/b", content=b"2").content == b"2"


def test_faults_may_be_added_while_requests_come(echo: Echo, server: Server) -> None:
    def ask() -> None:
        with httpx.Client(base_url=server.url) as client:
            statuses.extend(client.get("/a").status_code for _ in range(20))

    statuses: list[int] = []
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        echo.faults.add(Fault.status(500, code="InternalServerError"), times=1)
    for thread in threads:
        thread.join()

    assert (statuses.count(500), len(statuses), echo.faults.seen) == (10, 80, 80)
