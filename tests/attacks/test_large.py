"""Concurrent worst-case bodies, as many as the instance's concurrency, with a distant SLS."""

from __future__ import annotations

import gzip
import json
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from shared.hosts.custom.admission import MAX_HELD
from tests.attacks.stranger import ONE, Stranger, ask, get, post, strangers
from tests.support.raw_server import OK, RawServer
from tests.support.served import Served, peak_memory, running
from tests.support.waiting import until

AT_ONCE = 64
MAX_BODY = 3 * 1024 * 1024
MOST = 450  # MB, of the 1,024 that s.concurrent.yaml gives


class Far(RawServer):
    """An SLS that is three seconds away; it keeps only the number of logs."""

    def _say(self, connection: socket.socket, script: bytes) -> bool:
        self._stopping.wait(3)
        return super()._say(connection, script)


@pytest.fixture
def far() -> Iterator[RawServer]:
    with Far(OK) as server:
        yield server


def many_short_fields() -> bytes:
    """3 MB of 4,096 logs with the shortest keys and values: the most objects for its size."""
    log = ",".join(f'"{chr(97 + at // 26)}{chr(97 + at % 26)}":"{at:02}"' for at in range(76))
    body = ('{"__logs__":[' + ",".join(["{" + log + "}"] * 4096) + "]}").encode()
    assert 0.9 * MAX_BODY < len(body) <= MAX_BODY
    return body


def one_wide_log(fields: int) -> bytes:
    return ('{"__logs__":[{' + ",".join(f'"{at:06x}":""' for at in range(fields)) + "}]}").encode()


def nested() -> bytes:
    """A million empty objects in one field: 3 KB compressed."""
    return b'{"__logs__":[{"a":[' + b",".join([b"{}"] * 1_000_000) + b"]}]}"


def ordinary() -> bytes:
    """3 MB of 4,096 logs of text."""
    logs = [{"number": f"{at}", "text": "some words of a visitor " * 30} for at in range(4096)]
    body = json.dumps({"__logs__": logs}, separators=(",", ":")).encode()
    assert 0.9 * MAX_BODY < len(body) <= MAX_BODY
    return body


def answers_to_all(url: str, request: bytes) -> list[int]:
    """Send this many at once; check each answer's format and return the statuses."""
    statuses: list[int] = []

    def send(stranger: Stranger) -> None:
        stranger.send(request)
        answer = stranger.answer()
        assert answer.headers["access-control-allow-origin"] == "*"
        if answer.status == 503:
            assert answer.headers["x-log-errorcode"] == "ServerBusy"
            assert int(answer.headers["retry-after"]) > 0
        statuses.append(answer.status)

    with strangers(url, AT_ONCE) as crowd:
        threads = [threading.Thread(target=send, args=(stranger,)) for stranger in crowd]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    return statuses


@pytest.mark.parametrize(
    ("body", "compressed"),
    [
        (many_short_fields(), True),
        (one_wide_log(230_000), False),
        (nested(), True),
        (ordinary(), False),
    ],
    ids=["fields, gzip", "wide", "nested, gzip", "ordinary"],
)
def test_memory_stays_bounded_and_nothing_answered_is_lost(
    far: RawServer, body: bytes, compressed: bool
) -> None:
    request = post(gzip.compress(body, mtime=0), "Content-Encoding: gzip") if compressed else post(body)
    with running(SLS_ENDPOINT=far.url) as track:
        statuses = answers_to_all(track.url, request)
        assert len(statuses) == AT_ONCE
        assert set(statuses) <= {200, 400, 503}
        assert statuses.count(200) <= len(far.received)
        assert all(len(received.body) >= 0.9 * len(body) for received in far.received)
        assert peak_memory(track.process.pid) < MOST
        # Afterwards the instance works normally.
        assert ask(track.url, post()).status == 200
        assert ask(track.url, request).status in (200, 400)


def test_bodies_over_the_limit_are_refused_and_small_ones_continue(track: Served, sls: RawServer) -> None:
    """Nearly complete bodies occupy all bytes for large bodies."""
    waiting = MAX_HELD // (MAX_BODY - 1)
    with strangers(track.url, waiting + 1) as crowd:
        for stranger in crowd:
            stranger.send(post(b" " * (MAX_BODY - 1), length=MAX_BODY))
        # At least one of them is refused, in any order of the last bytes.
        readable = select.select([stranger.socket for stranger in crowd], [], [], 20)[0]
        answers = [stranger.answer() for stranger in crowd if stranger.socket in readable]
        refused = next(answer for answer in answers if answer.status == 503)
        assert refused.headers["x-log-errorcode"] == "ServerBusy"
        assert refused.headers["access-control-allow-origin"] == "*"
        for _ in range(20):
            assert ask(track.url, post()).status == 200
        assert ask(track.url, get("/healthz")).status == 200
    assert len(sls.received) == 20


def test_refusals_for_being_full_do_not_fill_the_log() -> None:
    over = threading.Event()

    class Busy(RawServer):
        """An SLS that answers when the refusals are over, or when track would give it up."""

        def _say(self, connection: socket.socket, script: bytes) -> bool:
            over.wait(6.5)
            return super()._say(connection, script)

    with (
        Busy(OK) as sls,
        running(SLS_ENDPOINT=sls.url, CONCURRENCY="1") as track,
        Stranger(track.url) as first,
    ):
        first.send(post())
        assert until(lambda: bool(sls.received), 20)
        with Stranger(track.url) as stranger:
            for _ in range(200):
                stranger.send(post(ONE))
                assert stranger.answer().status == 503
        over.set()
        assert ask(track.url, get("/healthz")).status == 200
        assert first.answer().status == 200
        assert until(lambda: sum(line.get("refused", 0) for line in track.lines()) >= 200, 20)
        full = [line for line in track.lines() if line["event"] == "full"]
        assert sum(line["refused"] for line in full) == 200
        assert len(full) < 10
        assert len(track.lines()) == len(full) + 2
