"""An outage of the local SLS: batches answered 200 are in the spool, and in SLS when it is back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import pytest

from local.faults import Fault
from local.stack import FREE_PORTS, Stack
from shared.spool.format import Spooled, pending, rejected, unpack
from tests.support.waiting import gone, until

STORES = ("web-tracking-logstore", "checkout")


class Laptop(NamedTuple):
    """A stack, and what its functions have logged."""

    stack: Stack
    lines: list[tuple[str, str, str]]

    def names(self) -> list[str]:
        spool = self.stack.deployment.spool
        return list(self.stack.oss.objects(spool.bucket)) if spool else []

    def spooled(self) -> list[Spooled]:
        """The batches in the spool; the custom runtime may put several into one object."""
        spool = self.stack.deployment.spool
        held = self.stack.oss.objects(spool.bucket).values() if spool else []
        return [batch for one in held for batch in unpack(one.body)]

    def upload(self, marker: str, logstore: str = "checkout") -> httpx.Response:
        address = f"{self.stack.functions_url}/logstores/{logstore}/track"
        body = {"__topic__": "T", "__tags__": {"page": "cart"}, "__logs__": [{"marker": marker}] * 2}
        return httpx.post(address, json=body, timeout=60)

    def stored(self) -> list[str]:
        return sorted(log.fields["marker"] for log in self.stack.sls.store.query(limit=1000))

    def runs(self) -> list[dict[str, Any]]:
        """What replay said of its runs."""
        said = [line for name, _, line in self.lines if name == "replay" and '"replayed"' in line]
        return [json.loads(line[line.index("{") :]) for line in said]


@pytest.fixture(params=["builtin", "custom"])
def laptop(request: pytest.FixtureRequest) -> Iterator[Laptop]:
    lines: list[tuple[str, str, str]] = []
    environ = {"FUNCTION_RUNTIME": request.param, "SPOOL_PREFIX": "a/b/"}

    def log(function: str, request_id: str, line: str) -> None:
        lines.append((function, request_id, line))

    with Stack(ports=FREE_PORTS, environ=environ, log=log, replay_every=0.2) as stack:
        yield Laptop(stack, lines)


def test_what_comes_while_sls_is_down_arrives_once_when_it_is_up_with_its_own_time(laptop: Laptop) -> None:
    laptop.stack.outage.switch(up=False)
    began = time.time()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda n: laptop.upload(str(n), STORES[n % 2]), range(4)))
    ended = time.time()

    assert [(answer.status_code, answer.headers.get("x-log-spooled")) for answer in answers] == [
        (200, "1")
    ] * 4
    spooled = laptop.spooled()
    assert (len(spooled), laptop.stored()) == (4, [])
    assert all(name.startswith(pending("a/b/")) for name in laptop.names())
    sent = {(one.project, json.loads(one.body)["__topic__"]) for one in spooled}
    assert sent == {("webtracking-demo", "T")}
    assert until(lambda: any(run["left"] for run in laptop.runs()))  # it has tried, and will retry

    laptop.stack.outage.switch(up=True)
    assert until(lambda: laptop.names() == [])
    direct = laptop.upload("after")

    assert laptop.stored() == sorted([str(number) for number in range(4) for _ in range(2)] + ["after"] * 2)
    assert "x-log-spooled" not in direct.headers
    late = [log for log in laptop.stack.sls.store.query() if log.fields["marker"] != "after"]
    assert {log.logstore for log in late} == set(STORES)
    for log in late:
        assert int(began) <= log.time <= ended < log.received
        assert (log.topic, log.tags["page"], log.tags["client_ip"]) == ("T", "cart", "127.0.0.1")
    assert until(lambda: sum(run["written"] for run in laptop.runs()) == 4)
    assert all(run["written"] or run["left"] for run in laptop.runs())  # idle runs are not logged


def test_what_sls_will_never_accept_is_rejected_and_blocks_nothing(laptop: Laptop) -> None:
    laptop.stack.outage.switch(up=False)
    for marker in ("one", "two"):
        assert laptop.upload(marker).headers["x-log-spooled"] == "1"
    waiting = {name.rpartition("/")[2] for name in laptop.names()}
    # It follows the outage's faults: for the first write that SLS processes again.
    laptop.stack.sls.faults.add(Fault.status(400, code="PostBodyInvalid"), times=1)

    laptop.stack.outage.switch(up=True)

    # Nothing waits: the one may have been deleted before the other was set aside.
    assert until(lambda: not any(name.startswith(pending("a/b/")) for name in laptop.names()))
    (name,) = laptop.names()
    assert name in {rejected("a/b/") + last for last in waiting}
    assert laptop.stored() in (["one"] * 2, ["two"] * 2)
    shown = httpx.get(f"{laptop.stack.site_url}/api/spool").json()
    assert shown == {"pending": 0, "oldestSeconds": None, "rejected": 1}


def test_the_end_does_not_wait_for_a_run_of_replay_and_leaves_no_process() -> None:
    lines: list[tuple[str, str, str]] = []

    def log(function: str, request_id: str, line: str) -> None:
        lines.append((function, request_id, line))

    with Stack(ports=FREE_PORTS, environ={}, log=log, replay_every=0.05) as stack:
        stack.sls.faults.add(Fault.status(503, code="ServerBusy"))
        assert Laptop(stack, lines).upload("one").headers["x-log-spooled"] == "1"
        assert until(lambda: any('"not yet"' in line for _, _, line in lines))
        pids = stack.host.pids("replay")
        began = time.monotonic()

    assert time.monotonic() - began < 15  # its pauses alone would take 20
    assert len(pids) == 1
    assert until(lambda: all(gone(pid) for pid in pids))
    assert not [line for line in lines if line[1] == "timer"]


def test_without_a_spool_an_outage_is_answered_503_and_the_console_has_none_to_show() -> None:
    with Stack(ports=FREE_PORTS, environ={"SPOOL_OSS_BUCKET": ""}, log=lambda *_: None) as stack:
        stack.outage.switch(up=False)

        answer = Laptop(stack, []).upload("lost")

        assert (answer.status_code, answer.json()["errorCode"]) == (503, "ServerBusy")
        assert httpx.get(f"{stack.site_url}/api/spool").status_code == 404
        assert httpx.get(f"{stack.site_url}/api/sls").json() == {"up": False}


def test_sls_that_is_elsewhere_has_no_switch_here() -> None:
    with Stack(
        ports=FREE_PORTS, environ={"SLS_ENDPOINT": "http://127.0.0.1:9"}, log=lambda *_: None
    ) as stack:
        assert httpx.get(f"{stack.site_url}/api/sls").status_code == 404


def test_four_parts_empty_the_spool_side_by_side_and_nothing_comes_twice() -> None:
    lines: list[tuple[str, str, str]] = []
    environ = {"REPLAY_PARTS": "4"}

    def log(function: str, request_id: str, line: str) -> None:
        lines.append((function, request_id, line))

    with Stack(ports=FREE_PORTS, environ=environ, log=log, replay_every=0.2) as stack:
        laptop = Laptop(stack, lines)
        stack.outage.switch(up=False)
        with ThreadPoolExecutor(10) as threads:  # a built-in instance gives each upload its own object
            for answer in threads.map(laptop.upload, map(str, range(40))):
                assert answer.headers["x-log-spooled"] == "1"
        assert len(laptop.names()) == 40
        stack.outage.switch(up=True)
        assert until(lambda: laptop.names() == [])
        assert until(lambda: sum(run["written"] for run in laptop.runs()) == 40)
        assert laptop.stored() == sorted(str(number) for number in range(40) for _ in range(2))
        wrote = {run["part"] for run in laptop.runs() if run["written"]}
        assert wrote == {0, 1, 2, 3}
        assert {run["parts"] for run in laptop.runs()} == {4}
        assert len(stack.host.pids("replay")) == 4
