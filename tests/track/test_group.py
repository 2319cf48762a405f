"""Batches that arrive together share an object, limited in time, number and bytes; each is confirmed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from functions.track import group as module
from functions.track.group import LONGEST, MOST_BATCHES, MOST_BYTES, SHORT, Groups
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, ApiError
from shared.spool.format import Spooled

KEYS = Credentials("LTAI5t", "secret")


class Oss:
    """Stores objects, `seconds` each; `outcomes` are their results in turn, then None."""

    def __init__(self, *outcomes: str | Exception | None, seconds: float = 0.0) -> None:
        self._outcomes = list(outcomes)
        self._seconds = seconds
        self.objects: list[list[Spooled]] = []
        self.times: list[tuple[float, float]] = []
        self.keys: list[Credentials] = []
        self.under_way = self.most = 0

    async def store(
        self, batches: Sequence[Spooled], credentials: Credentials, first: Deadline, last: Deadline
    ) -> str | None:
        """Take one object."""
        self.objects.append(list(batches))
        self.keys.append(credentials)
        self.times.append((first.remaining(), last.remaining()))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self._seconds)
        self.under_way -= 1
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def batch(number: int = 0, size: int = 10) -> Spooled:
    return Spooled("p", ("web", "checkout")[number % 2], 1_795_416_071 + number, b"x" * size)


async def stored(oss: Oss, objects: int) -> None:
    """Wait until so many are there or on their way."""
    while len(oss.objects) < objects:
        await asyncio.sleep(0.001)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_batches_that_arrive_together_share_one_object() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        outcomes = await asyncio.gather(*(groups.put(batch(n), KEYS, Deadline(5)) for n in range(64)))
        assert outcomes == [None] * 64

    run(work())
    assert oss.objects == [[batch(n) for n in range(64)]]


def test_a_later_batch_gets_a_separate_object() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        for number in range(3):
            assert await groups.put(batch(number), KEYS, Deadline(5)) is None

    run(work())
    assert oss.objects == [[batch(number)] for number in range(3)]


def test_while_an_object_is_on_its_way_the_next_one_gathers_more() -> None:
    oss = Oss(seconds=LONGEST / 3)

    async def work() -> None:
        groups = Groups(oss.store)

        async def later(number: int) -> None:
            await asyncio.sleep(number * 0.0005)
            assert await groups.put(batch(number), KEYS, Deadline(5)) is None

        began = time.monotonic()
        await asyncio.gather(*(later(number) for number in range(200)))
        took.append(time.monotonic() - began)

    took: list[float] = []
    run(work())
    assert sum(map(len, oss.objects)) == 200
    # One after the other, or a second one after LONGEST: some 6 in a tenth of a second. With the linger alone
    # it were 20.
    assert len(oss.objects) <= 3 + took[0] / (LONGEST / 3)
    assert oss.most <= 2


def test_an_oss_that_hangs_holds_no_batch_back_for_long() -> None:
    oss = Oss(seconds=3.0)

    async def work() -> None:
        groups = Groups(oss.store)
        first = asyncio.ensure_future(groups.put(batch(0), KEYS, Deadline(8)))
        await stored(oss, 1)
        second = asyncio.ensure_future(groups.put(batch(1), KEYS, Deadline(8)))
        await stored(oss, 2)
        assert oss.objects == [[batch(0)], [batch(1)]]
        assert oss.under_way == 2  # the first still hangs
        assert await first is None
        assert await second is None

    run(work())


@pytest.mark.parametrize("more", [0, 1])
def test_a_group_holds_so_many_batches_and_one_more_begins_another(more: int) -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        count = MOST_BATCHES + more
        await asyncio.gather(*(groups.put(batch(n), KEYS, Deadline(5)) for n in range(count)))

    run(work())
    assert [len(held) for held in oss.objects] == [MOST_BATCHES, *([1] if more else [])]


@pytest.mark.parametrize("more", [0, 1])
def test_a_group_holds_so_many_bytes_and_one_more_begins_another(more: int) -> None:
    oss = Oss()
    half = MOST_BYTES // 2

    async def work() -> None:
        groups = Groups(oss.store)
        sizes = (half, half + more)
        await asyncio.gather(*(groups.put(batch(0, size), KEYS, Deadline(5)) for size in sizes))

    run(work())
    assert len(oss.objects) == 1 + more


def test_a_batch_larger_than_a_group_is_written_alone() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        sizes = (10, MOST_BYTES + 1, 10)
        await asyncio.gather(*(groups.put(batch(0, size), KEYS, Deadline(5)) for size in sizes))

    run(work())
    assert [[len(one.body) for one in held] for held in oss.objects] == [[10], [MOST_BYTES + 1], [10]]


def test_a_request_with_little_time_does_not_wait_for_others() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        long = asyncio.ensure_future(groups.put(batch(0), KEYS, Deadline(5)))
        await asyncio.sleep(0)
        assert await groups.put(batch(1), KEYS, Deadline(SHORT - 0.1)) is None
        assert oss.objects == [[batch(1)]]
        assert await long is None

    run(work())
    (first, last), _ = oss.times
    assert first <= (SHORT - 0.1) / 2 < last <= SHORT - 0.1
    assert last - 2 * first < 0.2  # half of the time, apart from what passes between the two readings


def test_the_shortest_deadline_limits_the_first_attempt_and_the_longest_the_second() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        await asyncio.gather(*(groups.put(batch(0), KEYS, Deadline(left)) for left in (4.0, 2.0, 8.0)))

    run(work())
    ((first, last),) = oss.times
    assert 0.1 < first <= 1.0
    assert 4.0 < last <= 8.0


def test_each_waits_to_its_own_deadline_and_no_longer() -> None:
    oss = Oss(seconds=3.0)

    async def work() -> None:
        groups = Groups(oss.store)
        hurried = asyncio.ensure_future(groups.put(batch(0), KEYS, Deadline(1.05)))
        patient = asyncio.ensure_future(groups.put(batch(1), KEYS, Deadline(9)))
        assert await hurried == "OSS cannot be reached: out of time"
        assert oss.under_way == 1  # which takes longer
        assert await patient is None

    run(work())
    assert len(oss.objects) == 1


def test_a_failure_affects_only_the_requests_that_share_the_object() -> None:
    oss = Oss("OSS answered 503, request id 5")

    async def work() -> None:
        groups = Groups(oss.store)
        outcomes = await asyncio.gather(*(groups.put(batch(n), KEYS, Deadline(5)) for n in range(3)))
        assert outcomes == ["OSS answered 503, request id 5"] * 3
        assert await groups.put(batch(3), KEYS, Deadline(5)) is None

    run(work())


def test_an_error_is_raised_in_each_request() -> None:
    oss = Oss(ApiError(SERVER_BUSY, "no"))

    async def work() -> None:
        groups = Groups(oss.store)
        puts = (groups.put(batch(n), KEYS, Deadline(5)) for n in range(3))
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ApiError] * 3

    run(work())


def test_a_disconnected_client_does_not_affect_other_confirmations() -> None:
    oss = Oss(seconds=0.05)

    async def work() -> None:
        groups = Groups(oss.store)
        gone = asyncio.ensure_future(groups.put(batch(0), KEYS, Deadline(5)))
        stays = asyncio.ensure_future(groups.put(batch(1), KEYS, Deadline(5)))
        await asyncio.sleep(0.02)
        gone.cancel()
        assert await stays is None

    run(work())
    assert oss.objects == [[batch(0), batch(1)]]


def test_an_object_is_signed_with_the_latest_requests_credentials() -> None:
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        keys = [Credentials(str(number), "secret") for number in range(3)]
        await asyncio.gather(*(groups.put(batch(0), key, Deadline(5)) for key in keys))

    run(work())
    assert [key.access_key_id for key in oss.keys] == ["2"]


def test_the_first_batch_lingers_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER", 0.2)
    monkeypatch.setattr(module, "LONGEST", 10.0)
    oss = Oss()

    async def work() -> None:
        groups = Groups(oss.store)
        put = asyncio.ensure_future(groups.put(batch(), KEYS, Deadline(5)))
        await asyncio.sleep(0.05)
        assert oss.objects == []
        assert await put is None

    run(work())


def test_what_waits_for_an_object_on_its_way_is_sent_as_soon_as_that_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LINGER", 0.01)
    monkeypatch.setattr(module, "LONGEST", 60.0)
    oss = Oss(seconds=0.2)

    async def work() -> None:
        groups = Groups(oss.store)
        for number in (0, 2):
            full = asyncio.ensure_future(groups.put(batch(number, MOST_BYTES), KEYS, Deadline(50)))
            waiting = asyncio.ensure_future(groups.put(batch(number + 1), KEYS, Deadline(50)))
            assert await full is None
            assert await waiting is None

    run(work())
    assert [len(held) for held in oss.objects] == [1, 1, 1, 1]
    assert oss.most == 1


def test_what_has_not_lingered_yet_waits_for_more_although_another_object_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LINGER", 60.0)
    monkeypatch.setattr(module, "LONGEST", 60.0)
    oss = Oss()
    early, late, filling = batch(1), batch(2), batch(3, MOST_BYTES - 20)

    async def work() -> None:
        groups = Groups(oss.store)
        full = asyncio.ensure_future(groups.put(batch(0, MOST_BYTES), KEYS, Deadline(50)))
        first = asyncio.ensure_future(groups.put(early, KEYS, Deadline(50)))
        assert await full is None
        await asyncio.sleep(0.01)
        others = (groups.put(one, KEYS, Deadline(50)) for one in (late, filling))
        assert await asyncio.gather(first, *others) == [None] * 3

    run(work())
    assert oss.objects[1:] == [[early, late, filling]]
