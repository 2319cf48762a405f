"""Objects with the batches of many requests: what becomes of each, and of the object."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time

import pytest

from functions.replay import drain as module
from functions.replay import pace
from functions.replay.held import Remembered
from functions.replay.order import Part
from functions.replay.storage import StorageFailed
from functions.replay.tasks import ATTEMPTS
from functions.replay.write import Fate, WriteResult
from functions.replay.writing import MAX_AGE, MAX_AHEAD
from shared.deadline import Deadline
from shared.spool.format import Spooled, digit_of, object_name, pack, time_of, unpack
from tests.replay.support import (
    LATER,
    LOGSTORE,
    OTHER,
    PENDING,
    PREFIX,
    REJECTED,
    UNFIT,
    WRITTEN,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
    lines,
)

AWAY = StorageFailed("OSS answered 503 ServiceUnavailable, request id 6", passing=True)
CLOSED = WriteResult(Fate.LOGSTORE, "SLS answered 404 LogStoreNotExist, request id 5")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PAUSES", (0.001,) * len(pace.PAUSES))


def shared(*batches: Spooled, number: int = 0) -> Memory:
    """Return a spool with one object."""
    storage = Memory()
    name = object_name(PREFIX, batches[0].received, f"{number:032x}")
    storage.objects[name] = pack(batches)
    return storage


class Choosy(Sls):
    """Says of each batch what `says` has for its text, else WRITTEN."""

    def __init__(self, **says: WriteResult) -> None:
        super().__init__()
        self.says = {text.encode(): verdict for text, verdict in says.items()}

    async def write(self, spooled: Spooled, deadline: Deadline) -> WriteResult:
        """Answer one write."""
        assert deadline.remaining() > 0
        self.asked.append(spooled)
        verdict = next((one for text, one in self.says.items() if b'"%s"' % text in spooled.body), WRITTEN)
        if verdict.fate is Fate.WRITTEN:
            self.confirmed.append(spooled)
        return verdict


def test_every_batch_is_written_and_the_object_deleted_once() -> None:
    batches = [batch(str(n), age=600 - n, logstore=(LOGSTORE, OTHER)[n % 2]) for n in range(500)]
    storage, sls = shared(*batches), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 500, 0, None)
    assert set(sls.confirmed) == set(batches)
    assert len(sls.asked) == 500
    assert (storage.objects, storage.count("get"), storage.count("delete")) == ({}, 1, 1)


def test_the_object_is_there_until_its_last_batch_is_confirmed() -> None:
    storage = shared(*(batch(str(n)) for n in range(20)))
    there: list[bool] = []

    async def write(*_: object) -> WriteResult:
        there.append(bool(storage.names()))
        return WRITTEN

    drain(storage, write)
    assert there == [True] * 20


def test_a_hundred_objects_and_more_are_deleted_at_once() -> None:
    storage = Memory([batch(str(n)) for n in range(1000)])
    assert drain(storage, Sls().write).written == 1000
    assert storage.count("delete") <= 30
    assert storage.objects == {}


def test_one_batch_that_sls_never_takes_is_set_aside_alone() -> None:
    good, bad = batch("good"), batch("bad", age=90)
    storage, sls = shared(good, bad, good), Choosy(bad=UNFIT)
    assert drain(storage, sls.write)[:4] == ("drained", 2, 1, None)
    ((name, content),) = storage.objects.items()
    assert name.startswith(REJECTED)
    assert unpack(content) == [bad]
    assert storage.reasons[name] == UNFIT.reason
    assert int(time_of(name) or 0) == bad.received
    # Put back by hand where batches wait, it is one of the spool's again.
    assert digit_of(PREFIX, PENDING + name.removeprefix(REJECTED)) is not None


def test_batches_set_aside_of_one_object_have_names_of_their_own_and_the_same_at_each_attempt() -> None:
    bad = [batch("bad") for _ in range(5)]
    storage, sls = shared(*bad), Choosy(bad=UNFIT)
    storage.fails = lambda call, _: AWAY if call == "delete" else None
    assert drain(storage, sls.write).rejected == 5
    first = storage.names(REJECTED)
    assert len(first) == 5
    storage.fails = lambda _call, _name: None
    assert drain(storage, sls.write).ended == "drained"
    assert storage.names(REJECTED) == first
    assert storage.names() == []


@pytest.mark.parametrize(
    ("spooled", "why"),
    [
        (batch("bad", project="webtracking-demo", logstore="unlisted"), "not in SLS_LOGSTORES"),
        (batch("bad", age=MAX_AGE + 5), "older than 7 days"),
    ],
)
def test_a_batch_that_may_not_be_written_is_set_aside_unasked(spooled: Spooled, why: str) -> None:
    storage, sls = shared(batch("good"), spooled), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    (name,) = storage.names(REJECTED)
    assert why in storage.reasons[name]


def test_what_stays_of_an_object_is_put_anew_so_that_nobody_writes_the_rest_again() -> None:
    open_, closed = batch("open"), batch("closed", logstore=OTHER)
    storage, sls = shared(open_, closed, open_), Choosy(closed=CLOSED)
    assert drain(storage, sls.write)[:3] == ("incomplete", 2, 0)
    assert storage.batches() == [closed]
    again = Choosy(closed=CLOSED)
    assert drain(storage, again.write)[:3] == ("incomplete", 0, 0)  # another instance
    assert again.asked == [closed]
    assert drain(storage, Sls().write)[:3] == ("drained", 1, 0)


def test_where_that_fails_the_instance_remembers_and_writes_no_batch_twice() -> None:
    batches = [*(batch(str(n)) for n in range(3)), batch("late")]
    storage, sls, remembered = shared(*batches), Choosy(late=LATER), Remembered()
    storage.fails = lambda call, _: AWAY if call == "put" else None
    assert drain(storage, sls.write, remembered=remembered).written == 3
    assert len(storage.batches()) == 4
    storage.fails = lambda _call, _name: None
    sls.says = {}
    assert drain(storage, sls.write, remembered=remembered)[:3] == ("drained", 1, 0)
    assert sorted(one.body for one in sls.confirmed) == sorted(one.body for one in batches)
    assert len(sls.asked) == 3 + ATTEMPTS + 1


def test_what_is_remembered_is_not_believed_of_an_object_with_another_content() -> None:
    first, second = batch("first"), batch("second", age=50)
    storage, sls, remembered = shared(first, second), Choosy(second=LATER), Remembered()
    storage.fails = lambda call, _: AWAY if call == "put" else None
    drain(storage, sls.write, remembered=remembered)  # remembers the first of two
    (name,) = storage.names()
    storage.objects[name] = pack([second])  # as another run leaves it, for which the first went well too
    storage.fails = lambda _call, _name: None
    sls.says = {}
    assert drain(storage, sls.write, remembered=remembered)[:3] == ("drained", 1, 0)
    assert sls.confirmed == [first, second]


def test_a_run_that_is_out_of_time_leaves_only_what_it_has_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WRITES", 4)
    batches = [batch(str(n)) for n in range(200)]
    storage, sls = shared(*batches), Sls()

    async def slow(spooled: Spooled, deadline: Deadline) -> WriteResult:
        await asyncio.sleep(0.05)
        return await sls.write(spooled, deadline)

    run = drain(storage, slow, seconds=1.0)
    assert run.ended == "out of time"
    assert 0 < run.written < 200
    assert len(storage.batches()) == 200 - run.written
    assert drain(storage, sls.write).ended == "drained"
    assert len(sls.confirmed) == len(set(sls.confirmed)) == 200


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("call", "times"),
    [("page", 1), ("page", 3), ("get", 1), ("get", 4), ("put", 1), ("put", 7), ("delete", 1)],
)
def test_a_run_killed_anywhere_loses_no_batch(call: str, times: int) -> None:
    storage, left, sls = Memory(), times, Choosy(bad=UNFIT)
    for number in range(6):
        texts = ["bad" if n % 4 == 3 else f"{number}-{n}" for n in range(10)]
        storage.objects.update(shared(*(batch(text) for text in texts), number=number).objects)
    want = {one for one in storage.batches() if b'"bad"' not in one.body}

    def fails(called: str, _: str) -> BaseException | None:
        nonlocal left
        left -= called == call
        return Killed() if called == call and left == 0 else None

    storage.fails = fails
    with pytest.raises(Killed):
        drain(storage, sls.write)
    storage.fails = lambda _call, _name: None
    assert drain(storage, sls.write).ended == "drained"
    assert set(sls.confirmed) == want
    assert len(storage.batches(REJECTED)) == 12


def test_two_runs_over_the_same_objects_lose_nothing() -> None:
    storage, first, second = Memory(), Choosy(odd=LATER), Choosy(even=LATER)
    for number in range(40):
        held = (batch(("odd", "even", f"{number}-{n}")[min(n, 2)], age=900 - number) for n in range(5))
        storage.objects.update(shared(*held, number=number).objects)
    want = set(storage.batches())

    async def both() -> None:
        await asyncio.gather(a_run(storage, first.write), a_run(storage, second.write))

    asyncio.run(both())
    last = Sls()
    drain(storage, last.write)
    assert set(first.confirmed) | set(second.confirmed) | set(last.confirmed) == want
    assert storage.objects == {}


# Names that are none of the spool's.


STRAYS = ["0-stray", "../../x", "a/b/c", "g/20261123T064111.000001Z-" + "0" * 32 + ".json.gz", "\x01"]


def test_names_that_are_none_of_the_spools_are_moved_aside_and_hold_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage, sls = Memory([batch()]), Sls()
    for name in STRAYS:
        storage.objects[PENDING + name] = name.encode()
    assert drain(storage, sls.write)[:4] == ("drained", 1, 0, None)
    assert storage.names() == []
    assert sorted(storage.objects.values()) == sorted(name.encode() for name in STRAYS)
    assert all(name.startswith(f"{REJECTED}stray-") for name in storage.objects)
    assert f"{REJECTED}stray-0-stray" in storage.objects
    assert not any(".." in name for name in storage.objects)
    assert len(lines(caplog, "stray")) == len(STRAYS)


def test_one_that_cannot_be_moved_is_reported_once_and_the_run_is_not_incomplete(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage, remembered = Memory(), Remembered()
    storage.objects[f"{PENDING}../../x"] = b"x"
    storage.fails = lambda call, _: AWAY if call == "move" else None
    for _ in range(3):
        assert drain(storage, Sls().write, remembered=remembered)[:4] == ("drained", 0, 0, None)
    assert storage.count("move") == 1
    (line,) = lines(caplog, "stray")
    assert (line["level"], line["name"]) == ("WARNING", f"{PENDING}../../x")


# A clock that jumps.


@pytest.mark.parametrize(("ahead", "written"), [(-5, 1), (5, 0)])
def test_a_batch_from_the_future_waits_until_sls_will_take_it(ahead: int, written: int) -> None:
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


# Parts.


@pytest.mark.parametrize("parts", [1, 2, 4, 16])
def test_parts_share_the_spool_and_no_batch_is_written_twice(parts: int) -> None:
    batches = [batch(str(n), age=900 - n) for n in range(300)]
    storage, sls = Memory(batches), Sls()
    old = storage.names()[::3]
    for name in old:  # as the first version named them
        storage.objects[PENDING + name.rpartition("/")[2]] = storage.objects.pop(name)
    storage.objects[f"{PENDING}0-stray"] = b"x"

    async def all_at_once() -> None:
        runs = (a_run(storage, sls.write, part=Part(number, parts)) for number in range(parts))
        for run in await asyncio.gather(*runs):
            assert run.ended == "drained"
            assert run.written

    asyncio.run(all_at_once())
    assert sorted(sls.confirmed) == sorted(batches)
    assert list(storage.objects) == [f"{REJECTED}stray-0-stray"]


def test_a_part_leaves_the_others_alone() -> None:
    storage, sls = Memory([batch(str(n)) for n in range(160)]), Sls()
    assert drain(storage, sls.write, part=Part(1, 4)).written == 40
    assert {digit_of(PREFIX, name) for name in storage.names()} == set("0234678abcef") | {"0"}


# The two versions.


def test_what_the_first_version_wrote_is_written_among_the_rest_by_age() -> None:
    storage, sls, chance = Memory(), Sls(), random.Random(1)
    batches = [batch(str(n), age=9000 - 100 * n) for n in range(60)]
    for at, one in enumerate(batches):
        unique = f"{chance.getrandbits(128):032x}"
        if at % 2:
            storage.objects[object_name(PREFIX, one.received, unique)] = pack([one])
            continue
        last = object_name(PREFIX, one.received, unique).rpartition("/")[2]
        fields = {"project": one.project, "logstore": one.logstore, "received": one.received}
        old = {"version": 1, **fields, "body": json.loads(one.body)}
        storage.objects[PENDING + last] = gzip.compress(json.dumps(old).encode())
    assert drain(storage, sls.write).written == 60
    assert sls.confirmed == batches
