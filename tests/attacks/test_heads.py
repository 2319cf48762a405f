"""Request heads that are too large or not HTTP, and the server's own answers."""

from __future__ import annotations

import contextlib
import json
import signal

import pytest

from shared.hosts.custom.protocol import MAX_HEADERS, MAX_TARGET
from shared.http.cors import NO_READER
from tests.attacks.stranger import Answer, Stranger, ask, get, post
from tests.support.raw_server import RawServer
from tests.support.served import Served
from tests.track.support import TRACK


def padded(size: int) -> bytes:
    """Return a GET with headers of `size` bytes: names, values, and 4 for each."""
    used = len("HostContent-a") + len("t") + 2 * 4
    return get("/healthz", "Content-a: " + "x" * (size - used))


def shaped(answer: Answer, status: int, code: str) -> bool:
    """Whether the server's own answer has the format and headers of all answers."""
    said = json.loads(answer.body)
    headers = [answer.headers[name] for name in ("access-control-allow-origin", "x-log-errorcode")]
    return (answer.status, *headers, sorted(said)) == (status, NO_READER, code, ["errorCode", "errorMessage"])


def test_the_largest_head_passes_and_one_byte_more_does_not(track: Served) -> None:
    assert ask(track.url, padded(MAX_HEADERS)).status == 200
    with Stranger(track.url) as stranger:
        stranger.send(padded(MAX_HEADERS + 1))
        assert shaped(stranger.answer(), 414, "ParameterTooLarge")
        assert stranger.ended()


def test_the_longest_target_passes_and_one_byte_more_does_not(track: Served) -> None:
    longest = "/" + "a" * (MAX_TARGET - len("//healthz")) + "/healthz"
    assert ask(track.url, get(longest)).status == 200
    assert shaped(ask(track.url, get("/" + longest)), 414, "ParameterTooLarge")


def test_the_largest_pairs_of_a_get_pass(track: Served, sls: RawServer) -> None:
    assert ask(track.url, get(f"{TRACK}?APIVersion=0.6.0&a=" + "x" * (16383 - 2))).status == 200
    refused = ask(track.url, get(f"{TRACK}?APIVersion=0.6.0&a=" + "x" * (16384 - 2)))
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (414, "*")
    assert len(sls.received) == 1


@pytest.mark.parametrize("name", [b"a", b"x-forwarded-for", b"content-type"])
def test_endless_repeated_headers_are_refused_and_do_not_delay_shutdown(track: Served, name: bytes) -> None:
    with Stranger(track.url) as stranger:
        with contextlib.suppress(OSError):  # the server has closed the connection by then
            stranger.send(get("/healthz")[:-2] + (name + b": b\r\n") * 200_000)
        assert ask(track.url, post()).status == 200
        track.process.send_signal(signal.SIGTERM)
        assert track.process.wait(60) == 0


@pytest.mark.parametrize(
    "endless",
    [
        get("/healthz")[:-2] + b"a: ",
        get("/healthz")[:-2],
        b"GET /",
        post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"") + b"1;a=",
        post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"") + b"0\r\na: ",
    ],
    ids=["value", "name", "target", "chunk extension", "trailer"],
)
def test_endless_data_closes_the_connection(track: Served, endless: bytes) -> None:
    with Stranger(track.url) as stranger:
        stranger.send(endless)
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                stranger.send(b"x" * 65536)
                sent += 65536
        except OSError:
            pass
        assert sent < 16 * 1024 * 1024
    assert ask(track.url, post()).status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW /pot HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost t\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_data_that_is_not_http_gets_an_answer_in_the_usual_format(track: Served, garbage: bytes) -> None:
    with Stranger(track.url) as stranger:
        stranger.send(garbage)
        assert shaped(stranger.answer(), 400, "PostBodyInvalid")
        assert stranger.ended()
    assert ask(track.url, post()).status == 200
    assert all("Traceback" not in str(line) for line in track.lines())


def test_garbage_after_a_complete_request_does_not_affect_it(track: Served, sls: RawServer) -> None:
    with Stranger(track.url) as stranger:
        stranger.send(post() + b"garbage \r\n\r\n")
        assert stranger.answer().status == 200
        assert stranger.ended()
    assert len(sls.received) == 1


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_a_request_for_another_protocol_is_answered_in_this_one_as_the_last(
    track: Served, sls: RawServer, protocol: str
) -> None:
    with Stranger(track.url) as stranger:
        # Its body may be in another protocol: it must not be parsed as another request.
        stranger.send(post(post(), "Connection: Upgrade", f"Upgrade: {protocol}"))
        assert stranger.answer().status == 400
        assert stranger.ended()
    with Stranger(track.url) as stranger:
        stranger.send(get("/healthz", "Connection: Upgrade", f"Upgrade: {protocol}"))
        answer = stranger.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert stranger.ended()
    assert sls.received == []
    assert all(line["level"] == "INFO" for line in track.lines())
