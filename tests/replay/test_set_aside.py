"""Batches and objects that no attempt could write: where they go, with which reason."""

from __future__ import annotations

import gzip
import time

import pytest

from functions.replay import drain as module
from functions.replay.drain import MAX_PACKED
from functions.replay.tasks import ATTEMPTS
from functions.replay.writing import MAX_AGE
from shared.spool.format import Spooled
from tests.replay.support import (
    AWAY,
    REJECTED,
    UNFIT,
    Memory,
    Sls,
    batch,
    drain,
    lines,
    name_of,
)

pytestmark = pytest.mark.usefixtures("quick")


def test_a_move_that_fails_leaves_the_batch_where_it_was() -> None:
    storage, sls = Memory([batch()]), Sls(*[UNFIT] * 10)
    storage.fails = lambda call, _: AWAY if call == "move" else None
    run = drain(storage, sls.write)
    assert run[:4] == ("incomplete", 0, 0, str(AWAY))
    assert storage.count("move") == ATTEMPTS
    assert len(storage.names()) == 1
    assert storage.names(REJECTED) == []


@pytest.mark.parametrize(
    ("spooled", "why"),
    [
        (batch(project="another-project"), "another Project"),
        (batch(logstore="unlisted"), "not in SLS_LOGSTORES"),
        (batch(logstore="../checkout"), "not in SLS_LOGSTORES"),
        (batch(age=MAX_AGE + 5), "older than 7 days"),
    ],
)
def test_a_batch_that_must_not_be_written_is_rejected_without_a_request(spooled: Spooled, why: str) -> None:
    fit = batch("fit", age=1)
    storage, sls = Memory([spooled, fit]), Sls()
    packed = storage.objects[storage.names()[0]]
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    assert sls.asked == [fit]
    (aside,) = storage.names(REJECTED)
    assert storage.objects == {aside: packed}
    assert why in storage.reasons[aside]


@pytest.mark.parametrize(("older", "written"), [(0, 1), (1, 0)])
def test_7_days_are_not_too_old_yet_and_a_second_more_is(
    monkeypatch: pytest.MonkeyPatch, older: int, written: int
) -> None:
    now = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: now)
    storage, sls = Memory([batch(age=MAX_AGE + older)]), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", written, 1 - written, None)


def test_a_batch_that_sls_never_accepts_is_rejected_with_the_answer(caplog: pytest.LogCaptureFixture) -> None:
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


def test_many_that_cannot_be_read_leave_room_for_one_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNPACKED", 100_000)
    storage, sls = Memory([batch("a" * 60_000)]), Sls()
    for number in range(3):
        storage.objects[name_of(batch(age=900), number)] = gzip.compress(bytes(60_000))
    assert drain(storage, sls.write, 5)[:3] == ("drained", 1, 3)
