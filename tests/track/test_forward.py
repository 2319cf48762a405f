"""Failures of SLS: which are retried, how they are answered, and that they end in time."""

from __future__ import annotations

import json
import socket
import time

import pytest

from functions.track import delivery
from tests.support.fc import context
from tests.support.raw_server import CLOSE, HANG, OK, RESET, RawServer, answer, sls_error
from tests.support.waiting import in_some_try
from tests.track.support import TRACK, Reply, Start, Track, whole_body_of

ONE = '{"__logs__":[{"a":"1"}]}'
SAID = "SLS-SAYS-THIS"  # the words of the scripted errors
TIMEOUT = 3  # the function's timeout in seconds, one of which is reserved
PASSING = {
    "500": sls_error(500, "InternalServerError"),
    "502": answer(502, b"<html>Bad Gateway</html>"),
    "503": sls_error(503, "ServerBusy"),
}
# No valid answer: SLS may have stored the logs anyway.
IN_DOUBT = {
    "reset": RESET,
    "closed": CLOSE,
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "truncated-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "ambiguous": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "no-status": b"HTTP/1.1 OK\r\n\r\n",
}
QUOTAS = {
    "WriteQuotaExceed": sls_error(403, "WriteQuotaExceed"),
    "ShardWriteQuotaExceed": sls_error(403, "ShardWriteQuotaExceed"),
    "429": answer(429),
}
FINAL = {
    "400": sls_error(400, "PostBodyInvalid"),
    "400-skew": sls_error(400, "RequestTimeTooSkewed"),
    "403": sls_error(403, "Unauthorized"),
    "403-without-body": answer(403),
    "404-project": sls_error(404, "ProjectNotExist"),
    "404-logstore": sls_error(404, "LogStoreNotExist"),
    "411": sls_error(411, "MissingContentLength"),
    "201": answer(201),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "206": answer(206, b"x"),
    "301": answer(301, b"", "Location: http://127.0.0.1:1/"),
    "307": answer(307, b"", "Location: http://127.0.0.1:1/"),
}


class Closing(RawServer):
    """Closes after each answer, so that a truncated one is detected."""

    def __init__(self, *scripts: bytes) -> None:
        super().__init__(*scripts, then_close=True)


class Dripping(RawServer):
    """Sends a byte from time to time."""

    def _say(self, connection: socket.socket, script: bytes) -> bool:
        for byte in script:
            connection.sendall(bytes([byte]))
            if self._stopping.wait(0.05):
                break
        return False


def _refused(track: Track) -> Reply:
    """Post, and return the answer, which must not contain SLS's message."""
    reply = track.post(ONE)
    told = f"{reply.headers}{reply.body!r}"
    assert SAID not in told
    assert "5F0C" not in told
    return reply


def _busy(reply: Reply) -> bool:
    return (reply.status, reply.code) == (503, "ServerBusy") and int(reply.headers["retry-after"]) > 0


AGAIN = {**PASSING, **QUOTAS, **IN_DOUBT}


@pytest.mark.parametrize("script", AGAIN.values(), ids=list(AGAIN))
def test_a_passing_fault_is_tried_again_until_sls_confirms(script: bytes, start: Start) -> None:
    # One that closes unannounced after a whole answer might do so just as the next attempt begins, and that
    # one would be in doubt too.
    track = start(script, OK, server=Closing if script in IN_DOUBT.values() else RawServer)
    assert track.post(ONE).status == 200
    assert len(track.forwarded) == 2
    first, second = track.forwarded
    assert first.body == second.body
    assert first.line == second.line


@pytest.mark.parametrize("script", PASSING.values(), ids=list(PASSING))
def test_a_fault_that_does_not_pass_is_503_with_retry_after(script: bytes, start: Start) -> None:
    track = start(script)
    assert _busy(_refused(track))
    assert len(track.forwarded) == 5  # one, and one after each of four pauses


@pytest.mark.parametrize("script", IN_DOUBT.values(), ids=list(IN_DOUBT))
def test_a_write_in_doubt_is_sent_at_most_twice(script: bytes, start: Start) -> None:
    track = start(script, server=Closing)
    assert _busy(_refused(track))
    first, second = track.forwarded
    assert whole_body_of(first)["__tags__"]["batch_id"] == whole_body_of(second)["__tags__"]["batch_id"]


def test_an_attempt_comes_after_half_of_its_pause_at_the_earliest(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = start(PASSING["503"], OK)
    monkeypatch.setattr(delivery, "PAUSES", (0.4,))
    began = time.monotonic()
    assert track.post(ONE).status == 200
    assert time.monotonic() - began >= 0.2


def test_each_batch_has_a_different_id(start: Start) -> None:
    track = start()
    ids = {whole_body_of(track.forwarded[-1])["__tags__"]["batch_id"] for _ in range(5) if track.post(ONE)}
    assert len(ids) == 5


@pytest.mark.parametrize("script", QUOTAS.values(), ids=list(QUOTAS))
def test_a_quota_that_stays_exceeded_is_429_with_retry_after(script: bytes, start: Start) -> None:
    track = start(script)
    reply = _refused(track)
    assert (reply.status, reply.code) == (429, "WriteQuotaExceed")
    assert int(reply.headers["retry-after"]) > 0
    assert len(track.forwarded) == 5


@pytest.mark.parametrize("script", FINAL.values(), ids=list(FINAL))
def test_a_permanent_refusal_of_sls_is_502_immediately(script: bytes, start: Start) -> None:
    track = start(script)
    reply = _refused(track)
    assert (reply.status, reply.code) == (502, "UpstreamRejected")
    assert "retry-after" not in reply.headers
    assert len(track.forwarded) == 1


def test_the_log_has_the_code_and_request_id_of_sls_but_not_its_words(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    assert start(sls_error(404, "ProjectNotExist")).post(ONE).status == 502
    (line,) = [json.loads(record.getMessage()) for record in caplog.records]
    assert line["detail"] == "SLS answered 404 ProjectNotExist, request id 5F0C"
    assert line["errorCode"] == "UpstreamRejected"
    assert line["requestId"] == "1-64f6cd87-context"
    assert SAID not in caplog.text


@pytest.mark.parametrize("code", ["Unauthorized", "SignatureNotMatch", "InvalidAccessKeyId"])
def test_a_401_is_tried_once_more_with_credentials_read_afresh(
    code: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Turning(RawServer):
        """Replaces the function's credentials while it answers, as FC may at any time."""

        def _script(self) -> bytes:
            monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", f"token-{len(self.received) + 1}")
            return super()._script()

    track = start(sls_error(401, code), OK, server=Turning, ALIBABA_CLOUD_SECURITY_TOKEN="token-1")
    assert track.post(ONE).status == 200
    tokens = [received.headers["x-acs-security-token"] for received in track.forwarded]
    assert tokens == ["token-1", "token-2"]
    first, second = (received.headers["authorization"] for received in track.forwarded)
    assert first != second


def test_a_second_401_is_502(start: Start) -> None:
    track = start(sls_error(401, "Unauthorized"))
    assert _refused(track).status == 502
    assert len(track.forwarded) == 2


def test_a_401_and_then_a_passing_fault_are_both_tried_again(start: Start) -> None:
    track = start(sls_error(401, "Unauthorized"), sls_error(503, "ServerBusy"), OK)
    assert track.post(ONE).status == 200
    assert len(track.forwarded) == 3


def test_an_error_without_a_code_is_judged_by_its_status(start: Start) -> None:
    for body in (b"", b"[]", b"\xff", b"[" * 100_000, b'{"errorCode":5}', b"x" * 900_000):
        assert start(answer(403, body)).post(ONE).status == 502
        assert start(answer(500, body), OK).post(ONE).status == 200


def test_an_unreachable_sls_is_503(start: Start) -> None:
    with RawServer() as gone:
        address = gone.url
    assert _busy(_refused(start(SLS_ENDPOINT=address)))


SLOW = {
    "hanging": HANG,
    "hanging-in-head": b"HTTP/1.1 200 OK\r\n",
    "hanging-in-body": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
    "hanging-in-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "only-interim": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("script", SLOW.values(), ids=list(SLOW))
def test_an_sls_that_hangs_is_503_within_the_functions_time(script: bytes, start: Start) -> None:
    def ends() -> None:
        track = start(script)
        track.timeout = TIMEOUT
        started = time.monotonic()
        assert _busy(_refused(track))
        assert time.monotonic() - started < TIMEOUT - 0.5
        assert len(track.forwarded) == 2  # the first gets most of the time, and may have been stored

    in_some_try(ends)


def test_an_sls_that_drips_is_503_within_the_functions_time(start: Start) -> None:
    track = start(b"HTTP/1.1 200 OK\r\nx-slow: " + b"s" * 1000, server=Dripping)
    track.timeout = TIMEOUT

    def ends() -> None:
        started = time.monotonic()
        assert _busy(_refused(track))
        assert time.monotonic() - started < TIMEOUT - 0.5

    in_some_try(ends)


@pytest.mark.parametrize("timeout", [0.5, 1])
def test_even_a_very_short_timeout_is_kept(timeout: float, start: Start) -> None:
    track = start(HANG)

    def ends() -> None:
        started = time.monotonic()
        reply = track.send("POST", TRACK, ONE, given=context(timeout))
        assert _busy(reply)
        assert time.monotonic() - started < timeout

    in_some_try(ends)


def test_a_slow_answer_is_waited_for_and_nothing_sent_twice(start: Start) -> None:
    class Slow(RawServer):
        """Answers after more than half of the 5 s that track has, and before three quarters of them."""

        def _say(self, connection: socket.socket, script: bytes) -> bool:
            self._stopping.wait(0.55 * 5)
            return super()._say(connection, script)

    track = start(server=Slow)
    assert track.send("POST", TRACK, ONE, given=context(6)).status == 200
    assert len(track.forwarded) == 1


def test_one_slow_answer_does_not_lose_the_log(start: Start) -> None:
    track = start(HANG, OK)
    assert track.send("POST", TRACK, ONE, given=context(6)).status == 200
    assert len(track.forwarded) == 2
