"""Objects with the batches of many requests: what becomes of each, and of the object."""

from __future__ import annotations

import asyncio
import gzip
import json
import random

import pytest

from functions.replay import drain as module
from functions.replay.held import Remembered
from functions.replay.tasks import ATTEMPTS
from functions.replay.write import Fate, WriteResult
from functions.replay.writing import MAX_AGE
from shared.deadline import Deadline
from shared.spool.format import Spooled, digit_of, object_name, pack, time_of, unpack
from tests.replay.support import (
    AWAY,
    LATER,
    LOGSTORE,
    OTHER,
    PENDING,
    PREFIX,
    REJECTED,
    UNFIT,
    WRITTEN,
    Killed,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
    shared,
)

pytestmark = pytest.mark.usefixtures("quick")


CLOSED = WriteResult(Fate.LOGSTORE, "SLS answered 404 LogStoreNotExist, request id 5")


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


def test_one_batch_that_sls_never_accepts_is_rejected_alone() -> None:
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


def test_rejected_batches_of_an_object_have_unique_and_stable_names() -> None:
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
def test_one_batch_that_must_not_be_written_is_rejected_without_a_request(spooled: Spooled, why: str) -> None:
    storage, sls = shared(batch("good"), spooled), Sls()
    assert drain(storage, sls.write)[:4] == ("drained", 1, 1, None)
    (name,) = storage.names(REJECTED)
    assert why in storage.reasons[name]


def test_an_object_is_replaced_by_its_remaining_batches() -> None:
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


def test_remembered_batches_do_not_apply_to_an_object_with_other_content() -> None:
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

    run = drain(storage, slow, seconds=2.0)
    assert run.ended == "out of time"
    assert 0 < run.written < 200
    assert len(storage.batches()) == 200 - run.written
    assert drain(storage, sls.write).ended == "drained"
    assert len(sls.confirmed) == len(set(sls.confirmed)) == 200


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


def test_objects_of_version_1_are_written_in_order_of_age() -> None:
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
