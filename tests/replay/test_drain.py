"""One run over a spool in memory: what is written, left, given up, and when it ends."""

from __future__ import annotations

import re
import time

import pytest

from functions.replay import drain as module
from functions.replay.drain import ATTEMPTS, MAX_AGE, MAX_PACKED, PAUSES
from functions.replay.storage import StorageFailed
from functions.replay.write import Fate, Verdict
from shared.deadline import Deadline
from shared.spool.format import Spooled, unpack
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
    monkeypatch.setattr(module, "PAUSES", (0.001,) * len(PAUSES))


def test_what_waits_is_written_oldest_first_as_it_was_and_deleted() -> None:
    batches = [batch(str(age), age=age) for age in (60, 6 * 24 * 3600, 5, 3600)]
    storage, sls = Memory(batches), Sls()
    run = drain(storage, sls.write)
    assert run == ("drained", 4, 0, None)
    assert sls.confirmed == sorted(batches, key=lambda one: one.received)
    assert storage.objects == {}


def test_nothing_waits_and_nothing_is_done() -> None:
    storage, sls = Memory(), Sls()
    assert drain(storage, sls.write) == ("drained", 0, 0, None)
    assert storage.calls == [("page", "")]
    assert sls.asked == []


def test_a_thousand_and_more_are_written_once_each_page_by_page() -> None:
    batches = [batch(str(number), age=600) for number in range(1005)]
    storage, sls = Memory(batches, page=100), Sls()
    assert drain(storage, sls.write) == ("drained", 1005, 0, None)
    assert [one.body for one in sls.asked] == [one.body for one in batches]
    assert sum(call == "page" for call, _ in storage.calls) == 12


def test_what_is_spooled_meanwhile_is_written_by_the_same_run() -> None:
    storage, late = Memory([batch("early")]), batch("late", age=1)

    class Meanwhile(Sls):
        def write(self, spooled: Spooled, deadline: Deadline) -> Verdict:
            storage.objects.update(Memory([late]).objects)
            return super().write(spooled, deadline)

    sls = Meanwhile()
    assert drain(storage, sls.write).written == 2
    assert sls.confirmed[-1] == late
    # The write of the second put it there again.
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
    assert drain(storage, sls.write) == ("drained", 1, 0, None)
    assert storage.objects == others


def test_an_object_is_deleted_after_its_write_and_not_before() -> None:
    storage = Memory([batch()])
    (name,) = storage.names()
    there: list[bool] = []

    def write(*_: object) -> Verdict:
        there.append(name in storage.objects)
        return WRITTEN

    drain(storage, write)
    assert there == [True]
    assert storage.calls == [("page", ""), ("get", name), ("delete", name), ("page", name)]


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
    # Killed between the write and the delete, the first is written twice: the price of not losing it.
    assert len(sls.confirmed) == (3 if call == "delete" else 2)


def test_a_move_that_fails_leaves_the_batch_where_it_was() -> None:
    storage, sls = Memory([batch()]), Sls(*[UNFIT] * 10)
    storage.fails = lambda call, _: AWAY if call == "move" else None
    run = drain(storage, sls.write)
    assert run == ("incomplete", 0, 0, str(AWAY))
    assert len(storage.names()) == 1
    assert storage.names(REJECTED) == []


def test_passing_faults_are_waited_out_and_a_success_begins_the_row_anew() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER, WRITTEN] * 20)
    assert drain(storage, sls.write) == ("drained", 20, 0, None)
    assert len(sls.asked) == 40


def test_a_batch_that_fails_twice_makes_way_for_the_next_and_stays() -> None:
    storage, sls = Memory([batch("one", age=9), batch("two", age=8)]), Sls(*[LATER] * ATTEMPTS)
    assert drain(storage, sls.write) == ("incomplete", 1, 0, LATER.reason)
    (left,) = storage.names()
    assert b'"one"' in unpack(storage.objects[left]).body


def test_failures_in_a_row_end_the_run_and_everything_stays() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER] * 100)
    assert drain(storage, sls.write) == ("busy", 0, 0, LATER.reason)
    assert len(sls.asked) == ROW
    assert len(storage.names()) == 20


def test_one_failure_less_in_a_row_does_not_end_it() -> None:
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER] * (ROW - 1))
    run = drain(storage, sls.write)
    assert (run.ended, len(sls.asked)) == ("incomplete", ROW - 1 + run.written)
    assert run.written == 20 - (ROW - 1) // ATTEMPTS


def test_the_pauses_grow_and_vary_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module, "PAUSES", PAUSES)
    monkeypatch.setattr(time, "sleep", slept.append)
    storage, sls = Memory([batch(str(number)) for number in range(20)]), Sls(*[LATER] * 100)
    assert drain(storage, sls.write, seconds=600).ended == "busy"
    assert len(slept) == len(PAUSES)
    assert all(pause * 0.5 <= real <= pause * 1.5 for pause, real in zip(PAUSES, slept, strict=True))


def test_a_pause_that_would_outlast_the_time_ends_the_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (60.0,))
    storage, sls = Memory([batch()]), Sls(LATER)
    started = time.monotonic()
    assert drain(storage, sls.write, seconds=30).ended == "busy"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("spooled", "why"),
    [
        (batch(project="another-project"), "another Project"),
        (batch(logstore="unlisted"), "not among SLS_LOGSTORES"),
        (batch(logstore="../checkout"), "not among SLS_LOGSTORES"),
        (batch(age=MAX_AGE + 5), "older than 7 days"),
    ],
)
def test_what_may_not_be_written_is_set_aside_unasked(spooled: Spooled, why: str) -> None:
    fit = batch("fit", age=1)
    storage, sls = Memory([spooled, fit]), Sls()
    packed = storage.objects[storage.names()[0]]
    assert drain(storage, sls.write) == ("drained", 1, 1, None)
    assert sls.asked == [fit]
    (aside,) = storage.names(REJECTED)
    assert storage.objects == {aside: packed}
    assert why in storage.reasons[aside]


def test_7_days_are_not_too_old_yet() -> None:
    storage, sls = Memory([batch(age=MAX_AGE - 5)]), Sls()
    assert drain(storage, sls.write) == ("drained", 1, 0, None)


def test_what_sls_will_never_take_is_set_aside_with_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    spooled = batch()
    storage, sls = Memory([spooled]), Sls(UNFIT)
    assert drain(storage, sls.write) == ("drained", 0, 1, None)
    aside = name_of(spooled).replace("pending", "rejected")
    assert storage.reasons == {aside: UNFIT.reason}
    (line,) = lines(caplog, "rejected")
    assert (line["level"], line["name"], line["detail"]) == ("ERROR", name_of(spooled), UNFIT.reason)


@pytest.mark.parametrize("data", [b"", b"no gzip", b"\x1f\x8b"], ids=["empty", "text", "cut off"])
def test_an_object_that_cannot_be_read_is_set_aside(data: bytes) -> None:
    storage, sls = Memory([batch(age=1)]), Sls()
    storage.objects[f"{PENDING}0-stray"] = data
    assert drain(storage, sls.write) == ("drained", 1, 1, None)
    assert storage.objects == {f"{REJECTED}0-stray": data}


def test_an_object_past_the_limit_is_set_aside_unread() -> None:
    storage, sls = Memory([batch("fits", age=2), batch("large", age=1)]), Sls()
    fits, large = storage.names()
    storage.sizes = {fits: MAX_PACKED, large: MAX_PACKED + 1}
    assert drain(storage, sls.write) == ("drained", 1, 1, None)
    assert ("get", fits) in storage.calls
    assert ("get", large) not in storage.calls


@pytest.mark.parametrize("verdict", [WRITTEN, UNFIT], ids=["written", "unfit"])
def test_two_runs_at_once_lose_nothing_and_neither_fails(verdict: Verdict) -> None:
    batches = [batch(str(number)) for number in range(10)]
    storage = Memory(batches)
    other, seen = Sls(*[verdict] * 10), list[Spooled]()

    def write(spooled: Spooled, _: Deadline) -> Verdict:
        """Have the other run do all there is to do between this one's read and its answer."""
        if not seen:
            drain(storage, other.write)
        seen.append(spooled)
        return verdict

    run = drain(storage, write)
    assert run.ended == "drained"
    assert storage.names() == []
    assert len(other.asked) == 10
    assert len(seen) == 1
    assert len(storage.names(REJECTED)) == (10 if verdict is UNFIT else 0)


def test_an_object_that_another_run_took_after_the_listing_is_no_error() -> None:
    storage, sls = Memory([batch("one"), batch("two")]), Sls()
    _, second = storage.names()

    def taken(call: str, _: str) -> None:
        if call == "get":
            storage.objects.pop(second, None)

    storage.fails = taken
    assert drain(storage, sls.write) == ("drained", 1, 0, None)
    assert ("get", second) in storage.calls


def test_the_run_ends_before_its_time_is_up_and_the_next_goes_on() -> None:
    batches = [batch(str(number)) for number in range(50)]
    storage, sls = Memory(batches), Sls()

    def slow(spooled: Spooled, deadline: Deadline) -> Verdict:
        time.sleep(0.05)
        return sls.write(spooled, deadline)

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
    monkeypatch.setattr(module, "LONGEST_WRITE", 3.0)
    drain(Memory([batch()]), sls.write, seconds=8)
    assert 2.5 < sls.given[1] <= 3


def test_a_closed_logstore_does_not_hold_up_the_other(caplog: pytest.LogCaptureFixture) -> None:
    batches = [batch(str(number), logstore=(LOGSTORE, OTHER)[number % 2]) for number in range(6)]
    reason = "SLS answered 404 LogStoreNotExist, request id 5"
    storage, sls = Memory(batches), Sls(Verdict(Fate.LOGSTORE, reason))
    assert drain(storage, sls.write) == ("incomplete", 3, 0, reason)
    assert [one.logstore for one in sls.asked] == [LOGSTORE, OTHER, OTHER, OTHER]
    assert len(storage.names()) == 3
    (line,) = lines(caplog, "cannot replay")
    assert (line["level"], line["logstore"], line["detail"]) == ("ERROR", LOGSTORE, reason)


@pytest.mark.parametrize(
    ("verdicts", "asked"),
    [
        ([Verdict(Fate.SETUP, "SLS answered 401 SignatureNotMatch, request id 5")], 1),
        ([Verdict(Fate.LOGSTORE, "403"), Verdict(Fate.LOGSTORE, "SLS answered 401 S")], 2),
    ],
    ids=["nothing is taken", "every Logstore is closed"],
)
def test_a_fault_of_the_set_up_ends_the_run_and_everything_stays(verdicts: list[Verdict], asked: int) -> None:
    batches = [batch(str(number), logstore=(LOGSTORE, OTHER)[number % 2]) for number in range(6)]
    storage, sls = Memory(batches), Sls(*verdicts)
    assert drain(storage, sls.write) == ("refused", 0, 0, verdicts[-1].reason)
    assert len(sls.asked) == asked
    assert len(storage.names()) == 6


def test_a_spool_that_refuses_to_be_listed_ends_the_run_at_once() -> None:
    storage = Memory([batch()])
    storage.fails = lambda _call, _name: DENIED
    assert drain(storage, Sls().write) == ("refused", 0, 0, str(DENIED))
    assert storage.calls == [("page", "")]


def test_a_spool_that_is_away_is_waited_for_and_then_left() -> None:
    storage = Memory([batch()])
    storage.fails = lambda _call, _name: AWAY
    assert drain(storage, Sls().write) == ("busy", 0, 0, str(AWAY))
    assert len(storage.calls) == ROW
    storage.fails = lambda _call, _name: AWAY if len(storage.calls) < ROW + 3 else None
    assert drain(storage, Sls().write) == ("drained", 1, 0, None)


def test_one_object_that_cannot_be_got_does_not_hold_up_the_others() -> None:
    storage, sls = Memory([batch("one", age=9), batch("two", age=8)]), Sls()
    first, _ = storage.names()
    storage.fails = lambda call, name: DENIED if (call, name) == ("get", first) else None
    assert drain(storage, sls.write) == ("incomplete", 1, 0, str(DENIED))
    assert storage.names() == [first]


def test_a_bug_met_at_one_object_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    storage, sls = Memory([batch("secret")]), Sls(*[ZeroDivisionError("secret")] * ATTEMPTS)
    storage.objects.update(Memory([batch("two", age=1)]).objects)
    assert drain(storage, sls.write) == ("incomplete", 1, 0, "ZeroDivisionError")
    found = lines(caplog, "unforeseen")
    assert len(found) == ATTEMPTS
    assert found[0]["detail"].endswith("ZeroDivisionError")
    assert "secret" not in caplog.text


def test_what_is_confirmed_and_cannot_be_deleted_is_not_written_again() -> None:
    storage, sls, confirmed = Memory([batch("one")]), Sls(), set[str]()
    storage.fails = lambda call, _: AWAY if call == "delete" else None
    run = drain(storage, sls.write, confirmed=confirmed)
    assert (run.ended, run.written) == ("incomplete", 1)
    assert confirmed == set(storage.names())
    storage.fails = lambda _call, _name: None
    run = drain(storage, sls.write, confirmed=confirmed)
    assert (run.ended, run.written) == ("drained", 0)
    assert (len(sls.asked), storage.objects, confirmed) == (1, {}, set())


def test_no_log_line_holds_what_a_page_sent(caplog: pytest.LogCaptureFixture) -> None:
    storage = Memory([batch("private", age=MAX_AGE + 9), batch("private")])
    storage.objects[f"{PENDING}0"] = b"private"
    drain(storage, Sls(LATER, UNFIT).write)
    assert re.search("rejected", caplog.text)
    assert "private" not in caplog.text
    assert "203.0.113" not in caplog.text
