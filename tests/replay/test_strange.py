"""What a bucket, OSS and a clock should not do, and may: a run ends in time, and no batch is lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable

import pytest

from functions.replay import pace
from functions.replay.depth import UNKNOWN, measure
from functions.replay.order import Part, oldest_first
from functions.replay.oss import OssSpool
from functions.replay.storage import Page, StorageFailed, Waiting
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.event_loop import EventLoopNetwork
from shared.settings import Environment
from shared.spool.format import DIGITS, object_name
from shared.spool.settings import SpoolSettings
from tests.replay.support import (
    PENDING,
    PREFIX,
    REJECTED,
    SETTINGS,
    Memory,
    Sls,
    a_run,
    batch,
    drain,
    lines,
)
from tests.support.raw_server import RawServer, answer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Short, and not nothing: a listing in a circle is asked for again after them.
    monkeypatch.setattr(pace, "PAUSES", (0.1,) * len(pace.PAUSES))


# Objects.


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_an_object_half_written_is_set_aside_and_the_others_are_written(share: float) -> None:
    storage, sls = Memory([batch(str(number), age=60 - number) for number in range(20)]), Sls()
    half = storage.names()[7]
    whole = storage.objects[half]
    storage.objects[half] = whole[: int(share * len(whole))]
    assert drain(storage, sls.write)[:4] == ("drained", 19, 1, None)
    assert [name.rpartition("/")[2] for name in storage.objects] == [half.rpartition("/")[2]]
    assert "truncated" in storage.reasons[REJECTED + half.rpartition("/")[2]]


def test_decompression_bombs_are_rejected_and_delay_nothing() -> None:
    storage, sls = Memory([batch("good")]), Sls()
    bomb = gzip.compress(bytes(32 * 1024 * 1024))
    for number in range(40):
        storage.objects[object_name(PREFIX, time.time() - 90, f"{number:032x}")] = bomb
    assert drain(storage, sls.write)[:4] == ("drained", 1, 40, None)
    assert storage.names() == []
    assert len(storage.names(REJECTED)) == 40


def test_objects_of_a_later_release_stay_in_the_spool(caplog: pytest.LogCaptureFixture) -> None:
    storage, sls = Memory([batch("old", age=9), batch("good", age=8)]), Sls()
    newer, _ = storage.names()
    storage.objects[newer] = gzip.compress(json.dumps({"version": 3, "parcels": [1]}).encode())
    run = drain(storage, sls.write)
    assert run[:4] == ("incomplete", 1, 0, "the object has version 3; supported are 1 and 2")
    assert storage.names() == [newer]
    assert storage.names(REJECTED) == []
    assert lines(caplog, "rejected") == []


def test_many_of_a_later_release_do_not_use_up_the_memory_that_a_run_may_take() -> None:
    storage, sls = Memory([batch("good", age=1)]), Sls()
    # Of 1 MB each, which is random enough to be large packed: more than the run may hold at once.
    content = gzip.compress(b'{"version":3,"x":"' + bytes(1024 * 1024).replace(b"\0", b"x") + b'"}')
    for number in range(100):
        storage.objects[object_name(PREFIX, time.time() - 90, f"{number:032x}")] = content
    assert drain(storage, sls.write).written == 1
    assert len(storage.names()) == 100


# Listings.


class Circling(Memory):
    """Returns the first page again instead of the next one."""

    def __init__(self, numbers: int, next_token: Callable[[int], str]) -> None:
        super().__init__([batch(str(number), age=600 - number) for number in range(numbers)])
        self._pages: dict[str, Page] = {}
        self._next_token = next_token

    async def page(self, prefix: str, token: str | None, *, delimiter: str = "", most: int = 1000) -> Page:
        """Return the same page each time."""
        if prefix not in self._pages:
            self._pages[prefix] = await super().page(prefix, None, delimiter=delimiter, most=most)
        else:
            self._called("page", token or prefix)
        page = self._pages[prefix]
        return page if delimiter else page._replace(next=self._next_token(self.count("page")))


def test_a_listing_that_repeats_an_empty_page_ends() -> None:
    async def run() -> list[Waiting]:
        spool = asking(server.url)
        try:
            return [waiting async for waiting in oldest_first(spool, PREFIX)]
        finally:
            spool.close()

    with RawServer(listing(SAME)) as server:
        with pytest.raises(StorageFailed, match="repeats a page"):
            asyncio.run(run())
        assert len(server.received) == 2 + 2 * len(DIGITS)


@pytest.mark.parametrize(
    "next_token", [lambda _: "t", lambda calls: f"t{calls}"], ids=["one marker", "ever new ones"]
)
def test_a_listing_in_a_circle_ends_and_everything_in_it_is_written_once(
    next_token: Callable[[int], str],
) -> None:
    storage, sls = Circling(40, next_token), Sls()
    began = time.monotonic()
    run = drain(storage, sls.write, seconds=4)
    assert time.monotonic() - began < 20
    assert run.ended in ("busy", "out of time")
    assert run.written == len(sls.confirmed) == 40
    assert storage.objects == {}
    # A page for each digit, and a second one; then a pause of 50 ms at least.
    assert storage.count("page") < 4 / 0.05 * 2 * 17


def listing(more: str, *names: str) -> bytes:
    """Return OSS's answer with a page of names."""
    entries = "".join(f"<Contents><Key>{name}</Key><ETag>x</ETag><Size>1</Size></Contents>" for name in names)
    return answer(200, f"<ListBucketResult>{more}{entries}</ListBucketResult>".encode())


def asking(url: str, seconds: float = 5) -> OssSpool:
    settings = SpoolSettings.read(Environment({**SETTINGS, "SPOOL_OSS_ENDPOINT": url}))
    return OssSpool(settings, lambda: Credentials("a", "b"), Deadline(seconds), EventLoopNetwork())


TRUNCATED = "<IsTruncated>true</IsTruncated>"
SAME = f"{TRUNCATED}<NextContinuationToken>t</NextContinuationToken>"


@pytest.mark.parametrize(
    "script",
    [
        listing(TRUNCATED, "a"),
        listing(f"{TRUNCATED}<NextContinuationToken></NextContinuationToken>", "a"),
        listing("", "a"),
        answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</K"),
        answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>"),
        answer(200, b"<Other><IsTruncated>false</IsTruncated></Other>"),
        answer(200, b""),
        listing(SAME, "a")[:-10],
    ],
)
def test_a_truncated_page_without_a_token_is_an_error(script: bytes) -> None:
    async def page() -> Page:
        spool = asking(server.url, 1)
        try:
            return await spool.page(PENDING, "t")
        finally:
            spool.close()

    with RawServer(script) as server, pytest.raises(StorageFailed) as failure:
        asyncio.run(page())
    assert failure.value.passing is True


def test_a_depth_that_cannot_be_listed_to_its_end_is_unknown() -> None:
    async def depth() -> object:
        spool = asking(server.url)
        try:
            return await measure(spool, PREFIX, Deadline(5))
        finally:
            spool.close()

    with RawServer(listing(SAME, f"{PENDING}a")) as server:
        assert asyncio.run(depth()) == UNKNOWN
        assert len(server.received) == 2


# Deleting.


def test_a_success_that_lists_errors_deletes_only_what_it_says() -> None:
    said = (
        b"<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>InternalError</Code></Error>"
        b"<Deleted><Key>another</Key></Deleted></DeleteResult>"
    )

    async def delete() -> set[str]:
        spool = asking(server.url)
        try:
            return set(await spool.delete(["a", "b"]))
        finally:
            spool.close()

    with RawServer(answer(200, said)) as server:
        assert "b" not in asyncio.run(delete())


def test_an_object_that_a_delete_leaves_is_not_written_again() -> None:
    storage, sls = Memory([batch(str(number), age=60 - number) for number in range(20)]), Sls()
    kept = storage.names()[::2]
    storage.keeps = set(kept)
    run = drain(storage, sls.write)
    assert run[:4] == ("incomplete", 20, 0, "OSS did not delete an object")
    assert storage.names() == kept
    assert len(sls.asked) == 20


# Two runs, and clocks.


@pytest.mark.parametrize("part", [Part(), Part(1, 4)], ids=str)
def test_two_runs_of_the_same_part_lose_nothing(part: Part) -> None:
    storage, sls = Memory([batch(str(number), age=600 - number) for number in range(320)]), Sls()
    want = {one.body for one in storage.batches()}

    async def both() -> None:
        runs = await asyncio.gather(*(a_run(storage, sls.write, part=part) for _ in range(2)))
        assert {run.ended for run in runs} == {"drained"}

    asyncio.run(both())
    left = {one.body for one in storage.batches()}
    assert {one.body for one in sls.confirmed} == want - left
    assert len(want - left) == 320 * len(part.digits) // 16
    assert storage.names(REJECTED) == []
