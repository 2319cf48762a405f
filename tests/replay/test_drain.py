"""One run over a spool in memory: what is written, deleted and left, and when it ends."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from functions.replay import writing
from functions.replay.write import WriteResult
from functions.replay.writing import MAX_AGE
from shared.deadline import Deadline
from shared.spool.format import Spooled
from tests.replay.support import (
    LATER,
    PENDING,
    REJECTED,
    UNFIT,
    WRITTEN,
    Killed,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
    name_of,
)

pytestmark = pytest.mark.usefixtures("quick")


def test_waiting_batches_are_written_oldest_first_unchanged_and_deleted() -> None:
    batches = [batch(str(age), age=age) for age in (60, 6 * 24 * 3600, 5, 3600)]
    storage, sls = Memory(batches), Sls()
    run = drain(storage, sls.write)
    assert run[:4] == ("drained", 4, 0, None)
    assert sls.confirmed == sorted(batches, key=lambda one: one.received)
    assert storage.objects == {}


def test_an_empty_spool_needs_no_writes() -> None:
    storage, sls = Memory(), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 0, 0, None)
    assert storage.calls == [("page", PENDING)]
    assert sls.asked == []


@pytest.mark.usefixtures("one_by_one")
def test_a_thousand_and_more_are_written_once_each_page_by_page() -> None:
    batches = [batch(str(number), age=3000 - number) for number in range(1605)]
    storage, sls = Memory(batches, page=20), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 1605, 0, None)
    assert [one.body for one in sls.asked] == [one.body for one in batches]
    # One for the digits, five or six of 20 names for each of them, and one that finds nothing more.
    assert storage.count("page") == 1 + 11 * 5 + 5 * 6 + 1


def test_batches_spooled_during_a_run_are_written_by_the_same_run() -> None:
    storage, late = Memory([batch("early")]), batch("late", age=1)

    class Meanwhile(Sls):
        async def write(self, spooled: Spooled, deadline: Deadline) -> WriteResult:
            if spooled is not late:
                storage.objects.update(Memory([late]).objects)
            return await super().write(spooled, deadline)

    sls = Meanwhile()
    assert drain(storage, sls.write).written >= 2
    assert sls.confirmed[-1] == late
    assert storage.names() == []


def test_other_objects_of_the_bucket_are_left_alone() -> None:
    storage, sls = Memory([batch()]), Sls()
    others = {
        "a": b"x",
        f"{PENDING[:-1]}": b"x",
        PENDING: b"",
        f"{PENDING}folder/": b"",
        f"{REJECTED}a": b"x",
    }
    storage.objects.update(others)
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)
    assert storage.objects == others


def test_an_object_is_deleted_after_its_write_and_not_before() -> None:
    storage = Memory([batch()])
    (name,) = storage.names()
    there: list[bool] = []

    async def write(*_: object) -> WriteResult:
        there.append(name in storage.objects)
        return WRITTEN

    drain(storage, write)
    assert there == [True]
    folder = name[: len(PENDING) + 2]
    pages = [("page", PENDING), ("page", folder)]
    assert storage.calls == [*pages, ("get", name), ("delete", name), ("page", PENDING)]


@pytest.mark.parametrize("call", ["page", "get", "delete"])
def test_a_run_killed_anywhere_loses_nothing(call: str) -> None:
    batches = [batch("one"), batch("two")]
    storage, sls = Memory(batches), Sls()
    storage.fails = lambda called, _: Killed() if called == call else None
    with pytest.raises(Killed):
        drain(storage, sls.write)
    storage.fails = lambda _call, _name: None
    assert drain(storage, sls.write).ended == "drained"
    assert set(sls.confirmed) == set(batches)
    # Killed between the write and the delete, a batch is written twice: the price of not losing it.
    assert len(sls.confirmed) == (4 if call == "delete" else 2)


@pytest.mark.parametrize("verdict", [WRITTEN, UNFIT], ids=["written", "unfit"])
def test_two_runs_at_once_lose_nothing_and_neither_fails(verdict: WriteResult) -> None:
    batches = [batch(str(number)) for number in range(10)]
    storage = Memory(batches)
    other, seen = Sls(*[verdict] * 10), list[Spooled]()

    async def write(spooled: Spooled, _: Deadline) -> WriteResult:
        """Have the other run do all there is to do between this one's read and its answer."""
        if not seen:
            seen.append(spooled)
            await a_run(storage, other.write)
            return verdict
        seen.append(spooled)
        return verdict

    run = drain(storage, write)
    assert run.ended == "drained"
    assert storage.names() == []
    assert {*other.asked, *seen} == set(batches)
    assert other.asked
    assert len(storage.names(REJECTED)) == (10 if verdict is UNFIT else 0)


def test_an_object_that_another_run_took_after_the_listing_is_no_error() -> None:
    storage, sls = Memory([batch("one"), batch("two")]), Sls()
    _, second = storage.names()

    def taken(call: str, _: str) -> None:
        if call == "get":
            storage.objects.pop(second, None)

    storage.fails = taken
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)
    assert ("get", second) in storage.calls


@pytest.mark.usefixtures("one_by_one")
def test_the_run_ends_before_its_time_is_up_and_the_next_goes_on() -> None:
    batches = [batch(str(number), age=600 - number) for number in range(80)]
    storage, sls = Memory(batches), Sls()

    async def slow(spooled: Spooled, deadline: Deadline) -> WriteResult:
        await asyncio.sleep(0.05)
        return await sls.write(spooled, deadline)

    started = time.monotonic()
    run = drain(storage, slow, seconds=3)  # of which the last 0.7 are for what is under way
    assert time.monotonic() - started < 3
    assert run.ended == "out of time"
    assert 0 < run.written < 80
    assert len(storage.names()) == 80 - run.written
    assert drain(storage, sls.write).written == 80 - run.written
    assert [one.body for one in sls.confirmed] == [one.body for one in batches]


def test_a_write_under_way_when_the_run_ends_is_waited_for_and_counts() -> None:
    storage, sls = Memory([batch()]), Sls()

    async def late(spooled: Spooled, deadline: Deadline) -> WriteResult:
        while deadline.remaining() > 0.25:  # of the second that there must be to begin with another
            await asyncio.sleep(0.01)
        return await sls.write(spooled, deadline)

    assert drain(storage, late, seconds=4)[:2] == ("out of time", 1)
    assert storage.names() == []


def test_a_write_leaves_time_for_the_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, sls = Memory([batch()]), Sls()
    drain(storage, sls.write, seconds=8)
    assert 5 < sls.given[0] <= 7
    monkeypatch.setattr(writing, "LONGEST_WRITE", 3.0)
    drain(Memory([batch()]), sls.write, seconds=8)
    assert 1.5 < sls.given[1] <= 3


def test_no_log_line_holds_what_a_page_sent(caplog: pytest.LogCaptureFixture) -> None:
    storage = Memory([batch("private", age=MAX_AGE + 9), batch("private")])
    storage.objects[name_of(batch(), 9)] = b"private"
    drain(storage, Sls(LATER, UNFIT).write)
    assert re.search("rejected", caplog.text)
    assert "private" not in caplog.text
    assert "203.0.113" not in caplog.text
