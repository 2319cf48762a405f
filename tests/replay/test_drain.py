"""One run over a spool in memory: what is written, left, given up, and when it ends."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from functions.replay import drain as module
from functions.replay import pace, writing
from functions.replay.drain import MAX_PACKED, OBJECTS
from functions.replay.held import Remembered
from functions.replay.pace import PAUSES
from functions.replay.storage import StorageFailed
from functions.replay.tasks import ATTEMPTS
from functions.replay.write import Fate, WriteResult
from functions.replay.writing import MAX_AGE
from shared.deadline import Deadline
from shared.spool.format import Spooled
from tests.replay.support import (
    LATER,
    LOGSTORE,
    OTHER,
    PENDING,
    REJECTED,
    UNFIT,
    WRITTEN,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
    lines,
    name_of,
)

AWAY = StorageFailed("OSS answered 503 ServiceUnavailable, request id 6", passing=True)
DENIED = StorageFailed("OSS answered 403 AccessDenied, request id 6", passing=False)
ROW = len(PAUSES) + 1  # failures in a row that end a run


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PAUSES", (0.001,) * len(PAUSES))


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one read and one write under way at a time, so that each answer has its batch."""
    monkeypatch.setattr(module, "WRITES", 1)
    monkeypatch.setattr(module, "READS", 1)


def test_what_waits_is_written_oldest_first_as_it_was_and_deleted() -> None:
    batches = [batch(str(age), age=age) for age in (60, 6 * 24 * 3600, 5, 3600)]
    storage, sls = Memory(batches), Sls()
    run = drain(storage, sls.write)
    assert run[:4] == ("drained", 4, 0, None)
    assert sls.confirmed == sorted(batches, key=lambda one: one.received)
    assert storage.objects == {}


def test_nothing_waits_and_nothing_is_done() -> None:
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


def test_what_is_spooled_meanwhile_is_written_by_the_same_run() -> None:
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


class Killed(BaseException):
    """The process ends here."""


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


def test_a_move_that_fails_leaves_the_batch_where_it_was() -> None:
    storage, sls = Memory([batch()]), Sls(*[UNFIT] * 10)
    storage.fails = lambda call, _: AWAY if call == "move" else None
    run = drain(storage, sls.write)
    assert run[:4] == ("incomplete", 0, 0, str(AWAY))
    assert storage.count("move") == ATTEMPTS
    assert len(storage.names()) == 1
    assert storage.names(REJECTED) == []


@pytest.mark.usefixtures("one_by_one")
def test_passing_faults_are_waited_out_and_a_success_begins_the_row_anew() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER, WRITTEN] * 20)
    assert drain(storage, sls.write)[:4] == ("drained", 20, 0, None)
    assert len(sls.asked) == 40


@pytest.mark.usefixtures("one_by_one")
def test_a_batch_that_fails_twice_makes_way_for_the_next_and_stays() -> None:
    storage, sls = Memory([batch("one", age=9), batch("two", age=8)]), Sls(*[LATER] * ATTEMPTS)
    assert drain(storage, sls.write)[:4] == ("incomplete", 1, 0, LATER.reason)
    (left,) = storage.batches()
    assert b'"one"' in left.body


@pytest.mark.usefixtures("one_by_one")
def test_failures_in_a_row_end_the_run_and_everything_stays() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER] * 100)
    assert drain(storage, sls.write)[:4] == ("busy", 0, 0, LATER.reason)
    assert len(sls.asked) == ROW
    assert len(storage.names()) == 20


@pytest.mark.usefixtures("one_by_one")
def test_one_failure_less_in_a_row_does_not_end_it() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER] * (ROW - 1))
    run = drain(storage, sls.write)
    assert (run.ended, len(sls.asked)) == ("incomplete", ROW - 1 + run.written)
    assert run.written == 20 - (ROW - 1) // ATTEMPTS


def test_a_pause_that_would_outlast_the_time_ends_the_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PAUSES", (60.0,))
    storage, sls = Memory([batch()]), Sls(LATER)
    started = time.monotonic()
    assert drain(storage, sls.write, seconds=30).ended == "busy"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("spooled", "why"),
    [
        (batch(project="another-project"), "another Project"),
        (batch(logstore="unlisted"), "not in SLS_LOGSTORES"),
        (batch(logstore="../checkout"), "not in SLS_LOGSTORES"),
        (batch(age=MAX_AGE + 5), "older than 7 days"),
    ],
)
def test_what_may_not_be_written_is_set_aside_unasked(spooled: Spooled, why: str) -> None:
    fit = batch("fit", age=1)
    storage, sls = Memory([spooled, fit]), Sls()
    packed = storage.objects[storage.names()[0]]
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    assert sls.asked == [fit]
    (aside,) = storage.names(REJECTED)
    assert storage.objects == {aside: packed}
    assert why in storage.reasons[aside]


def test_7_days_are_not_too_old_yet() -> None:
    storage, sls = Memory([batch(age=MAX_AGE - 5)]), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)


def test_what_sls_will_never_take_is_set_aside_with_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    spooled = batch()
    storage, sls = Memory([spooled]), Sls(UNFIT)
    assert drain(storage, sls.write)[:4] == ("drained", 0, 1, None)
    aside = REJECTED + name_of(spooled).rpartition("/")[2]
    assert storage.reasons == {aside: UNFIT.reason}
    (line,) = lines(caplog, "rejected")
    assert (line["level"], line["name"], line["detail"]) == ("ERROR", name_of(spooled), UNFIT.reason)


@pytest.mark.parametrize("data", [b"", b"no gzip", b"\x1f\x8b"], ids=["empty", "text", "cut off"])
def test_an_object_that_cannot_be_read_is_set_aside(data: bytes) -> None:
    storage, sls = Memory([batch(age=1)]), Sls()
    unreadable = name_of(batch(), 5)
    storage.objects[unreadable] = data
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    assert storage.objects == {REJECTED + unreadable.rpartition("/")[2]: data}


def test_an_object_past_the_limit_is_set_aside_unread() -> None:
    storage, sls = Memory([batch("fits", age=2), batch("large", age=1)]), Sls()
    fits, large = storage.names()
    storage.sizes = {fits: MAX_PACKED, large: MAX_PACKED + 1}
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    assert ("get", fits) in storage.calls
    assert ("get", large) not in storage.calls


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
    batches = [batch(str(number), age=600 - number) for number in range(50)]
    storage, sls = Memory(batches), Sls()

    async def slow(spooled: Spooled, deadline: Deadline) -> WriteResult:
        await asyncio.sleep(0.05)
        return await sls.write(spooled, deadline)

    started = time.monotonic()
    run = drain(storage, slow, seconds=0.8)
    assert time.monotonic() - started < 0.8
    assert run.ended == "out of time"
    assert 0 < run.written < 50
    assert len(storage.names()) == 50 - run.written
    assert drain(storage, sls.write).written == 50 - run.written
    assert [one.body for one in sls.confirmed] == [one.body for one in batches]


def test_a_write_leaves_time_for_the_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, sls = Memory([batch()]), Sls()
    drain(storage, sls.write, seconds=8)
    assert 6.5 < sls.given[0] <= 7
    monkeypatch.setattr(writing, "LONGEST_WRITE", 3.0)
    drain(Memory([batch()]), sls.write, seconds=8)
    assert 2.5 < sls.given[1] <= 3


@pytest.mark.usefixtures("one_by_one")
def test_a_closed_logstore_does_not_hold_up_the_other(caplog: pytest.LogCaptureFixture) -> None:
    batches = [batch(str(n), age=60 - n, logstore=(LOGSTORE, OTHER)[n % 2]) for n in range(6)]
    reason = "SLS answered 404 LogStoreNotExist, request id 5"
    storage, sls = Memory(batches), Sls(WriteResult(Fate.LOGSTORE, reason))
    assert drain(storage, sls.write)[:4] == ("incomplete", 3, 0, reason)
    assert [one.logstore for one in sls.asked] == [LOGSTORE, OTHER, OTHER, OTHER]
    assert len(storage.names()) == 3
    (line,) = lines(caplog, "cannot replay")
    assert (line["level"], line["logstore"], line["detail"]) == ("ERROR", LOGSTORE, reason)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    ("verdicts", "asked"),
    [
        ([WriteResult(Fate.SETUP, "SLS answered 401 SignatureNotMatch, request id 5")], 1),
        ([WriteResult(Fate.LOGSTORE, "403"), WriteResult(Fate.LOGSTORE, "SLS answered 401 S")], 2),
    ],
    ids=["nothing is taken", "every Logstore is closed"],
)
def test_a_fault_of_the_set_up_ends_the_run_and_everything_stays(
    verdicts: list[WriteResult], asked: int
) -> None:
    batches = [batch(str(n), age=60 - n, logstore=(LOGSTORE, OTHER)[n % 2]) for n in range(6)]
    storage, sls = Memory(batches), Sls(*verdicts)
    assert drain(storage, sls.write)[:4] == ("refused", 0, 0, verdicts[-1].reason)
    assert len(sls.asked) == asked
    assert len(storage.names()) == 6


def test_a_spool_that_refuses_to_be_listed_ends_the_run_at_once() -> None:
    storage = Memory([batch()])
    storage.fails = lambda _call, _name: DENIED
    assert drain(storage, Sls().write)[:4] == ("refused", 0, 0, str(DENIED))
    assert storage.calls == [("page", PENDING)]


def test_a_spool_that_is_away_is_waited_for_and_then_left() -> None:
    storage = Memory([batch()])
    storage.fails = lambda _call, _name: AWAY
    assert drain(storage, Sls().write)[:4] == ("busy", 0, 0, str(AWAY))
    assert len(storage.calls) == ROW
    storage.fails = lambda _call, _name: AWAY if len(storage.calls) < ROW + 3 else None
    assert drain(storage, Sls().write)[:4] == ("drained", 1, 0, None)


def test_one_object_that_cannot_be_got_does_not_hold_up_the_others() -> None:
    storage, sls = Memory([batch("one", age=9), batch("two", age=8)]), Sls()
    first, _ = storage.names()
    storage.fails = lambda call, name: DENIED if (call, name) == ("get", first) else None
    assert drain(storage, sls.write)[:4] == ("incomplete", 1, 0, str(DENIED))
    assert storage.names() == [first]


@pytest.mark.usefixtures("one_by_one")
def test_a_bug_met_at_one_object_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    storage, sls = Memory([batch("secret")]), Sls(*[ZeroDivisionError("secret")] * ATTEMPTS)
    storage.objects.update(Memory([batch("two", age=1)]).objects)
    assert drain(storage, sls.write)[:4] == ("incomplete", 1, 0, "ZeroDivisionError")
    found = lines(caplog, "unforeseen")
    assert len(found) == ATTEMPTS
    assert found[0]["detail"].endswith("ZeroDivisionError")
    assert "secret" not in caplog.text


def test_what_is_confirmed_and_cannot_be_deleted_is_not_written_again() -> None:
    storage, sls, remembered = Memory([batch("one")]), Sls(), Remembered()
    storage.fails = lambda call, _: AWAY if call == "delete" else None
    run = drain(storage, sls.write, remembered=remembered)
    assert (run.ended, run.written) == ("busy", 1)
    storage.fails = lambda _call, _name: None
    run = drain(storage, sls.write, remembered=remembered)
    assert (run.ended, run.written) == ("drained", 0)
    assert (len(sls.asked), storage.objects) == (1, {})
    assert storage.count("get") == 1


def test_what_may_not_be_deleted_ends_the_run_before_more_is_written_in_vain() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(1000)]), Sls()
    storage.fails = lambda call, _: DENIED if call == "delete" else None
    run = drain(storage, sls.write)
    assert (run.ended, run.detail) == ("refused", str(DENIED))
    assert run.written <= OBJECTS
    assert len(storage.names()) == 1000


def test_an_object_that_oss_does_not_delete_stays_and_is_not_written_again() -> None:
    storage, sls, remembered = Memory([batch("one"), batch("two")]), Sls(), Remembered()
    storage.keeps = {storage.names()[0]}
    assert drain(storage, sls.write, remembered=remembered).ended == "incomplete"
    assert drain(storage, sls.write, remembered=remembered).ended == "incomplete"
    assert (len(sls.asked), len(storage.names())) == (2, 1)


def test_no_log_line_holds_what_a_page_sent(caplog: pytest.LogCaptureFixture) -> None:
    storage = Memory([batch("private", age=MAX_AGE + 9), batch("private")])
    storage.objects[name_of(batch(), 9)] = b"private"
    drain(storage, Sls(LATER, UNFIT).write)
    assert re.search("rejected", caplog.text)
    assert "private" not in caplog.text
    assert "203.0.113" not in caplog.text
