"""Batches from the future, and a clock that jumps."""

from __future__ import annotations

import time

import pytest

from functions.replay.write import WriteResult
from functions.replay.writing import MAX_AHEAD
from shared.deadline import Deadline
from shared.spool.format import Spooled
from tests.replay.support import Memory, Sls, batch, drain, shared

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize(("ahead", "written"), [(0, 1), (1, 0)])
def test_a_batch_from_the_future_waits_until_sls_will_take_it(
    monkeypatch: pytest.MonkeyPatch, ahead: int, written: int
) -> None:
    now = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: now)
    early = batch("early", age=-(MAX_AHEAD + ahead))
    storage, sls = shared(early, batch("now")), Sls()
    run = drain(storage, sls.write)
    assert (run.written, run.rejected) == (1 + written, 0)
    assert storage.batches() == ([] if written else [early])
    assert run.ended == ("drained" if written else "incomplete")


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_a_clock_that_jumps_by_hours_in_a_run_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    storage, sls = Memory([batch(str(n), age=2 * 24 * 3600 + n) for n in range(100)]), Sls()
    want, real = set(storage.batches()), time.time

    async def jumping(spooled: Spooled, deadline: Deadline) -> WriteResult:
        if len(sls.asked) == 50:
            monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
        return await sls.write(spooled, deadline)

    run = drain(storage, jumping)
    monkeypatch.setattr(time, "time", real)
    assert run[:3] == ("drained", 100, 0)
    assert set(sls.confirmed) == want
