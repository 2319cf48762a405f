"""Strangers against the breaker of a running track: it opens for what SLS does, not for what a client sends.

Requests come one after the other, so one instance of either runtime answers all of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from functions.track.breaker import FAILURES
from functions.track.limits import MAX_BODY
from local.faults import Fault
from local.site.outage import is_write
from local.stack import FREE_PORTS, Stack
from shared.spool.format import unpack
from tests.support.waiting import until

SHOP = "https://shop.example.com"
STORE = "/logstores/checkout/track"
NEVER = 3600.0  # seconds between two runs of replay: the tests count what the spool holds
PATIENCE = 30.0  # seconds until SLS is asked again


class Running(NamedTuple):
    """A stack with an instance of track, and what that has logged."""

    stack: Stack
    lines: list[dict[str, Any]]
    client: httpx.Client

    def send(self, content: str, path: str = STORE, origin: str = SHOP) -> httpx.Response:
        return self.client.post(path, content=content, headers={"Origin": origin})

    def upload(self, marker: str) -> bool:
        """Send a good batch, which must be answered 200; return whether SLS, and not the spool, has it."""
        answer = self.send(json.dumps({"__logs__": [{"marker": marker}]}))
        assert answer.status_code == 200, answer.text
        return "x-log-spooled" not in answer.headers

    def fail_writes(self, fault: Fault, times: int | None = None) -> None:
        self.stack.sls.faults.add(fault, times=times, on=is_write)

    def open_breaker(self) -> list[str]:
        """Let SLS fail until the breaker is open; return the markers of the batches for that."""
        self.fail_writes(Fault.reset())
        markers = [f"opens {number}" for number in range(FAILURES + 1)]
        assert not any(self.upload(marker) for marker in markers)
        assert self.said_open() == 1  # the last one
        return markers

    def said_open(self) -> int:
        """Return the number of requests so far that met an open breaker, by the log."""
        last = self.send("", "/nowhere").headers["x-log-requestid"]
        assert until(lambda: any(line["requestId"] == last for line in self.lines))
        return sum(line.get("breaker") == "open" for line in self.lines)

    def stored(self) -> list[str]:
        """Return the markers of all logs in SLS and in the spool."""
        spool = self.stack.deployment.spool
        assert spool is not None
        objects = self.stack.oss.objects(spool.bucket).values()
        spooled = [json.loads(batch.body) for one in objects for batch in unpack(one.body)]
        waiting = [log["marker"] for body in spooled for log in body["__logs__"]]
        return waiting + [log.fields["marker"] for log in self.stack.sls.store.query(limit=1000)]


@pytest.fixture(params=["builtin", "custom"])
def track(request: pytest.FixtureRequest) -> Iterator[Running]:
    lines: list[dict[str, Any]] = []

    def log(function: str, request_id: str, line: str) -> None:  # noqa: ARG001
        if function == "track" and "{" in line:
            lines.append(json.loads(line[line.index("{") :]))

    environ = {"FUNCTION_RUNTIME": request.param, "ALLOWED_ORIGINS": SHOP}
    with (
        Stack(ports=FREE_PORTS, environ=environ, log=log, replay_every=NEVER) as stack,
        httpx.Client(base_url=stack.functions_url, timeout=20) as client,
    ):
        yield Running(stack, lines, client)


def send_what_track_refuses(track: Running) -> None:
    """Send each request that track refuses by itself, as often as SLS has to fail until the breaker opens."""
    good = '{"__logs__":[{"marker":"of a stranger"}]}'
    for _ in range(FAILURES):
        assert track.send("{").status_code == 400
        assert track.send('{"__logs__":{}}').status_code == 400
        assert track.send(good, origin="https://evil.example").status_code == 403
        assert track.send(good, "/logstores/unknown/track").status_code == 404
        assert track.send(" " * (MAX_BODY + 1)).status_code == 413


def test_what_track_refuses_neither_opens_it_nor_counts_towards_it(track: Running) -> None:
    track.fail_writes(Fault.reset(), times=FAILURES - 1)
    assert not any(track.upload(f"fails {number}") for number in range(FAILURES - 1))
    send_what_track_refuses(track)
    assert track.upload("good")
    assert track.said_open() == 0


@pytest.mark.parametrize(
    ("status", "code"), [(400, "PostBodyInvalid"), (413, "PostBodyTooLarge"), (404, "LogStoreNotExist")]
)
def test_what_sls_says_of_a_stranger_s_body_does_not_open_it(track: Running, status: int, code: str) -> None:
    track.fail_writes(Fault.status(status, code=code), times=FAILURES + 1)
    assert not any(track.upload(f"poison {number}") for number in range(FAILURES + 1))
    assert track.upload("good")
    assert track.said_open() == 0


def test_while_it_is_open_strangers_lose_nobody_s_uploads_and_cannot_keep_it_open(track: Running) -> None:
    sent = track.open_breaker()
    for number in range(3):
        send_what_track_refuses(track)
        sent.append(f"meanwhile {number}")
        assert not track.upload(sent[-1])
    assert track.said_open() == 1 + 3
    track.stack.sls.faults.clear()
    sent += until_asked(track, lambda: send_what_track_refuses(track))
    before = track.said_open()
    sent += ["after 1", "after 2"]
    assert [track.upload(marker) for marker in sent[-2:]] == [True, True]
    assert track.said_open() == before
    assert sorted(track.stored()) == sorted(sent)


def test_a_probe_whose_body_sls_refuses_closes_it_as_any_other(track: Running) -> None:
    sent = track.open_breaker()
    track.stack.sls.faults.clear()
    track.fail_writes(Fault.status(400, code="PostBodyInvalid"), times=1)
    sent += until_asked(track, lambda: time.sleep(0.05))
    before = track.said_open()
    sent.append("good")
    assert track.upload("good")
    assert track.said_open() == before
    assert sorted(track.stored()) == sorted(sent)


def until_asked(track: Running, between: Callable[[], None]) -> list[str]:
    """Upload until SLS is asked for one, with something else between; return the markers."""
    sent: list[str] = []
    asked = track.stack.sls.faults.seen
    ended = time.monotonic() + PATIENCE
    while track.stack.sls.faults.seen == asked:
        assert time.monotonic() < ended, "SLS is not asked again"
        between()
        sent.append(f"again {len(sent)}")
        track.upload(sent[-1])
    return sent
