"""The process that Function Compute starts: its settings, its port, its end."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.raw_server import HANG, OK, RawServer
from tests.support.served import running, start
from tests.support.waiting import until
from tests.track.support import TRACK

ONE = '{"__logs__":[{"a":"1"}]}'


class Slow(RawServer):
    """Answers slowly."""

    def _say(self, connection: socket.socket, script: bytes) -> bool:
        self._stopping.wait(0.5)
        return super()._say(connection, script)


def test_it_answers_and_writes_over_few_connections() -> None:
    with (
        RawServer() as sls,
        running(SLS_ENDPOINT=sls.url) as (_, url, _),
        httpx.Client(base_url=url) as client,
    ):
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.post("/initialize", headers={"x-fc-control-path": "/initialize"}).status_code == 200
        for number in range(20):
            answer = client.post(
                f"/any/prefix{TRACK}", content=ONE, headers={"x-fc-request-id": f"1-{number}"}
            )
            assert (answer.status_code, answer.headers["x-log-requestid"]) == (200, f"1-{number}")
        assert not {"server", "date"} & set(answer.headers)
        assert (len(sls.received), sls.connections) == (20, 1)


def test_a_body_past_the_limit_is_refused_and_the_connection_goes_on() -> None:
    large = b'{"__logs__":[' + b" " * 3_145_715 + b"]}"
    with (
        RawServer() as sls,
        running(SLS_ENDPOINT=sls.url) as (_, url, _),
        httpx.Client(base_url=url) as client,
    ):
        refused = client.post(TRACK, content=large)
        assert (refused.status_code, refused.json()["errorCode"]) == (413, "PostBodyTooLarge")
        assert refused.json()["errorMessage"] == "the body has 3145730 bytes; at most 3145728 are allowed"
        assert client.post(TRACK, content=large[:20] + large[22:]).status_code == 200
        assert client.post(TRACK, content=large * 8).status_code == 413


def test_above_its_concurrency_it_refuses_and_loses_no_upload() -> None:
    answers: list[httpx.Response] = []
    refused = threading.Event()

    class Waiting(RawServer):
        """Answers once somebody has been refused."""

        def _say(self, connection: socket.socket, script: bytes) -> bool:
            refused.wait(6)
            return super()._say(connection, script)

    def post(url: str) -> None:
        answers.append(httpx.post(url + TRACK, content=ONE, timeout=20))
        if answers[-1].status_code == 503:
            refused.set()

    with Waiting() as sls, running(SLS_ENDPOINT=sls.url, CONCURRENCY="2") as (_, url, _):
        threads = [threading.Thread(target=post, args=(url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        statuses = [answer.status_code for answer in answers]
        assert len(statuses) == 8
        assert set(statuses) == {200, 503}
        assert len(sls.received) == statuses.count(200) >= 2
        assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)


def test_told_to_stop_it_finishes_what_is_in_flight() -> None:
    answers: list[int] = []

    def post(url: str) -> None:
        answers.append(httpx.post(url + TRACK, content=ONE, timeout=20).status_code)

    with Slow(OK) as sls, running(SLS_ENDPOINT=sls.url) as (process, url, _):
        asking = threading.Thread(target=post, args=(url,))
        asking.start()
        end = time.monotonic() + 20
        while not sls.received and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        asking.join(20)
        assert answers == [200]
        assert process.wait(60) == 0


def test_told_to_stop_it_closes_connections_without_a_request() -> None:
    with (
        RawServer() as sls,
        running(SLS_ENDPOINT=sls.url) as (process, url, _),
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        assert client.get("/healthz").status_code == 200  # and the connection stays open
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with RawServer(HANG) as sls, running(SLS_ENDPOINT=sls.url) as (process, url, _):
        asking = threading.Thread(target=_post_in_vain, args=(url,))
        asking.start()
        assert until(lambda: bool(sls.received), 60)
        process.send_signal(signal.SIGTERM)
        assert until(lambda: _refuses(url), 60)  # it has taken notice
        process.send_signal(second)
        assert process.wait(60) != 0  # after waiting for the request it would be 0
        asking.join(60)


def _post_in_vain(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):  # after SIGINT there is time for a 503
        assert httpx.post(url + TRACK, content=ONE, timeout=60).status_code == 503


def _refuses(url: str) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex((httpx.URL(url).host, httpx.URL(url).port or 0)) != 0


def test_a_port_that_is_taken_ends_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start("track", "--host", "127.0.0.1", "--port", str(port)) as process:
            output, _ = process.communicate(timeout=60)
    line = json.loads(output)
    assert process.returncode == 1
    assert (line["level"], line["event"]) == ("ERROR", "cannot start")
    assert "address already in use" in line["detail"].lower()


def test_token_starts_without_sts_and_answers_503() -> None:
    arn = "acs:ram::1234567890123456:role/sls-web-tracking"
    settings = {"STS_ROLE_ARN": arn, "STS_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with running("token", **settings) as (_, url, _), httpx.Client(base_url=url, timeout=20) as client:
        assert client.post("/initialize", headers={"x-fc-control-path": "/initialize"}).status_code == 200
        refused = client.get("/get_sts_token")
        assert (refused.status_code, refused.json()["errorCode"]) == (503, "ServerBusy")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLS_PROJECT", "Up"), ("CONCURRENCY", "201"), ("CONCURRENCY", "0"), ("FC_SERVER_PORT", "x")],
)
def test_a_bad_setting_ends_the_start_with_its_name(name: str, value: str) -> None:
    with start("track", **{name: value}) as process:
        output, _ = process.communicate(timeout=60)
    line = json.loads(output)
    assert process.returncode == 1
    assert (line["level"], line["event"]) == ("ERROR", "cannot start")
    assert name in line["detail"]
    assert repr(value) in line["detail"]


@pytest.mark.parametrize("name", ["track", "token"])
def test_a_ticket_key_that_is_too_short_ends_the_start_and_is_not_shown(name: str) -> None:
    held = "A" * 42  # 31 bytes in base64url
    role = {"STS_ROLE_ARN": "acs:ram::1234567890123456:role/sls-web-tracking"}
    with start(name, TICKETS="enforce", TICKET_KEYS=f"a:{held}", **role) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "TICKET_KEYS has the value '(not shown)'; expected keys of at least 32 bytes" in output
    assert held not in output
