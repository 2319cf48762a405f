"""Clients that send slowly or stop on purpose."""

from __future__ import annotations

import socket
import time

import pytest

from shared.hosts.custom.incoming import WINDOW
from shared.hosts.custom.protocol import UNFINISHED
from shared.http.cors import NO_READER
from tests.attacks.stranger import ONE, Stranger, ask, get, post, strangers
from tests.support.raw_server import RawServer
from tests.support.served import Served


def test_stalled_bodies_block_no_one_and_time_out(track: Served, sls: RawServer) -> None:
    with strangers(track.url, 150) as stopping:
        for stranger in stopping:
            stranger.send(post(ONE[:10], length=len(ONE)))
        assert [ask(track.url, post()).status for _ in range(20)] == [200] * 20
        answers = [stranger.answer() for stranger in stopping]
        assert all(stranger.ended() for stranger in stopping)
    assert {answer.status for answer in answers} == {400}
    assert all(answer.headers["x-log-errorcode"] == "PostBodyInvalid" for answer in answers)
    assert all(answer.headers["access-control-allow-origin"] == "*" for answer in answers)
    assert len(sls.received) == 20
    assert {line["event"] for line in track.lines()} == {"answered", "refused"}


def test_a_dripping_body_times_out_and_a_merely_slow_one_does_not(track: Served) -> None:
    large = b'{"__logs__":[{"a":"%s"}]}' % (b"x" * 60_000)
    with Stranger(track.url) as drips, Stranger(track.url) as slow:
        drips.send(post(large[:1], length=len(large)))
        slow.send(post(large[:1], length=len(large)))
        for at in range(1, 11):  # 60 KB in 5 s, and a few bytes
            time.sleep(0.5)
            if at < WINDOW:  # data after the answer would only hide it
                drips.send(large[at : at + 1])
            slow.send(large[1 + (at - 1) * 6000 : 1 + at * 6000])
        assert drips.answer().status == 400
        slow.send(large[60_001:])
        assert slow.answer().status == 200


def test_an_unfinished_head_closes_its_connection(track: Served) -> None:
    with strangers(track.url, 100) as stopping, Stranger(track.url) as idle:
        for stranger in stopping:
            stranger.send(get("/healthz")[:-2])
        assert ask(track.url, post()).status == 200
        answers = [stranger.answer() for stranger in stopping]
        assert {answer.status for answer in answers} == {400}
        assert {answer.headers["access-control-allow-origin"] for answer in answers} == {NO_READER}
        # Function Compute keeps connections without any request yet.
        idle.send(get("/healthz"))
        assert idle.answer().status == 200


def test_the_rest_of_a_refused_body_cannot_continue_forever(track: Served) -> None:
    """The answer comes before the body: only the connection stays open, and only for a short time."""
    with Stranger(track.url) as stranger:
        stranger.send(get("/healthz", "Content-Length: 1000"))
        assert stranger.answer().status == 200
        for _ in range(3):
            time.sleep(0.5)
            stranger.send(b"x")
        assert stranger.ended(UNFINISHED + 5)


@pytest.mark.parametrize("lines", [1, 2])
def test_a_client_that_closes_its_side_gets_its_answers(track: Served, sls: RawServer, lines: int) -> None:
    with Stranger(track.url) as stranger:
        stranger.send(post() * lines)
        stranger.socket.shutdown(socket.SHUT_WR)
        assert [stranger.answer().status for _ in range(lines)] == [200] * lines
        assert stranger.ended()
    assert len(sls.received) == lines


def test_a_client_that_closes_its_side_in_mid_request_is_disconnected(track: Served, sls: RawServer) -> None:
    with Stranger(track.url) as stranger:
        stranger.send(post(length=len(ONE) + 1))
        stranger.socket.shutdown(socket.SHUT_WR)
        assert stranger.ended()
    assert sls.received == []
    assert ask(track.url, post()).status == 200
