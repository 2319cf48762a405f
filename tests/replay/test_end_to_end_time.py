"""The same where time is short, a clock jumps, or anything fails at random."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection, Sequence
from types import SimpleNamespace

import msgspec
import pytest

from functions.replay import drain
from functions.replay.oss import OssSpool
from local.faults import Fault
from shared.credentials import Credentials
from tests.replay.cloud import TIMER, Cloud, tick, use
from tests.replay.support import (
    BUCKET,
    REJECTED,
    batch,
    fresh_index,
    lines,
)
from tests.support.fc import context
from tests.support.waiting import in_some_try


@pytest.mark.parametrize("days", [-8, 8])
def test_a_clock_that_jumps_by_more_than_a_week_in_a_run_gives_no_batch_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    # By that clock each batch is too old, or in the future. OSS, whose clock is right, lets nothing be moved.
    cloud.spool([batch(str(number), age=3600 - number) for number in range(100)])
    real = time.time

    def jumps(_: str) -> bool:
        if cloud.sls.faults.seen == 30:
            monkeypatch.setattr(time, "time", lambda: real() + days * 24 * 3600)
        return False

    cloud.sls.faults.add(Fault.reset(), on=jumps)
    line = tick()
    monkeypatch.setattr(time, "time", real)
    assert line["ended"] in ("refused", "busy")  # by which of them notices the clock first, OSS or SLS
    assert line["rejected"] == 0
    assert 0 < line["written"] < 100
    assert cloud.waiting(REJECTED) == []
    assert tick()["ended"] == "drained"
    assert set(cloud.stored()) == {str(number) for number in range(100)}


def test_a_run_ends_before_fcs_timeout_and_the_next_one_goes_on(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few at once: this process is SLS too, and at a run's end has to answer all of them in time.
    monkeypatch.setattr(drain, "WRITES", 8)
    cloud.spool([batch(str(number), age=900 - number) for number in range(300)])
    cloud.sls.faults.add(Fault.hang(0.1))
    index, took = fresh_index(), list[float]()
    while cloud.waiting() and len(took) < 20:
        started = time.monotonic()
        line = tick(index, timeout=5)
        took.append(time.monotonic() - started)
        # On a busy machine there may be no time left to count what is left, either: then it is null.
        assert (line["ended"] == "drained") == (line["left"] == 0)
    assert len(took) > 1
    assert took[0] > 2  # this one ended because of the time
    assert min(took[:-1]) < 5  # the machine may hold up one of them
    assert set(cloud.stored()) == {str(number) for number in range(300)}
    assert len(cloud.stored()) == 300  # and none twice: what is under way at the end is waited for


def test_a_run_that_ends_with_the_last_batch_gives_no_warning(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    delete = OssSpool.delete

    # Leaves too little time to begin with another batch, and enough to count what is left.
    async def until_time_is_up(storage: OssSpool, names: Sequence[str]) -> Collection[str]:
        gone = await delete(storage, names)
        time.sleep(max(storage._deadline.remaining() - 1.1, 0))
        return gone

    cloud.spool([batch("one")])
    monkeypatch.setattr(OssSpool, "delete", until_time_is_up)
    caplog.set_level(logging.INFO)
    line = tick(timeout=6)
    assert (line["ended"], line["written"], line["left"]) == ("drained", 1, 0)
    (logged,) = lines(caplog, "replayed")
    assert logged["level"] == "INFO"


def test_a_silent_sls_does_not_hold_a_run_past_its_time(cloud: Cloud) -> None:
    cloud.spool([batch("one")])
    cloud.sls.faults.add(Fault.hang())

    def ends() -> None:
        started = time.monotonic()
        line = tick(timeout=3)
        assert time.monotonic() - started < 2.9
        assert (line["ended"], line["left"]) == ("busy", 1)

    in_some_try(ends)
    cloud.sls.faults.clear()
    tick()
    # The first write may have arrived as well; what counts is that the batch did.
    assert set(cloud.stored()) == {"one"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_at_random_every_log_is_in_sls_at_the_end(cloud: Cloud, seed: int) -> None:
    chance = random.Random(seed)
    cloud.spool([batch(str(number), age=3600 - number) for number in range(60)])
    faults = [
        Fault.status(503, code="ServiceUnavailable"),
        Fault.status(429, code="TooManyRequests"),
        Fault.reset(),
        Fault.close(),
        Fault.garbage(),
        Fault.truncated(),
        Fault.reset(stage="handled"),
    ]
    struck = 0
    for _ in range(12):
        for service in (cloud.sls, cloud.oss):
            for fault in faults:
                service.faults.add(fault, times=1, on=lambda _: chance.random() < 0.1)
        line = tick(timeout=10)
        assert line["ended"] != "failed"
        assert line["rejected"] == 0
        struck += cloud.sls.faults.struck + cloud.oss.faults.struck
    cloud.sls.faults.clear()
    cloud.oss.faults.clear()
    assert tick()["left"] == 0
    assert struck > 20
    assert set(cloud.stored()) == {str(number) for number in range(60)}
    assert cloud.oss.objects(BUCKET) == {}


def test_the_contexts_credentials_come_first(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.spool([batch("one")])
    use(monkeypatch, Credentials("STS.gone", "gone", "gone"))
    index = fresh_index()
    assert index.handler(TIMER, context(10))["ended"] == "refused"
    keys = SimpleNamespace(**msgspec.structs.asdict(cloud.replays))
    assert index.handler(TIMER, context(10, credentials=keys))["written"] == 1
