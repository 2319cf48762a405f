"""What fails for a moment or for long: what a run waits for, what ends it, what it leaves."""

from __future__ import annotations

import time

import pytest

from functions.replay import pace
from functions.replay.drain import OBJECTS
from functions.replay.held import Remembered
from functions.replay.pace import PAUSES
from functions.replay.tasks import ATTEMPTS
from functions.replay.write import Fate, WriteResult
from tests.replay.support import (
    AWAY,
    DENIED,
    LATER,
    LOGSTORE,
    OTHER,
    PENDING,
    WRITTEN,
    Memory,
    Sls,
    batch,
    drain,
    lines,
)

pytestmark = pytest.mark.usefixtures("quick")


ROW = len(PAUSES) + 1  # failures in a row that end a run


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


def test_a_confirmed_batch_that_cannot_be_deleted_is_not_written_again() -> None:
    storage, sls, remembered = Memory([batch("one")]), Sls(), Remembered()
    storage.fails = lambda call, _: AWAY if call == "delete" else None
    run = drain(storage, sls.write, remembered=remembered)
    assert (run.ended, run.written) == ("busy", 1)
    storage.fails = lambda _call, _name: None
    run = drain(storage, sls.write, remembered=remembered)
    assert (run.ended, run.written) == ("drained", 0)
    assert (len(sls.asked), storage.objects) == (1, {})
    assert storage.count("get") == 1


def test_a_refused_delete_ends_the_run() -> None:
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
