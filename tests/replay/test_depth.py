"""How much waits and since when, as the log line has it."""

from __future__ import annotations

import asyncio

from functions.replay import depth
from functions.replay.depth import MOST_PAGES, Depth
from functions.replay.order import WHOLE, Part
from functions.replay.storage import StorageFailed
from shared.deadline import Deadline
from tests.replay.support import PENDING, PREFIX, REJECTED, Memory, batch


def measure(storage: Memory, prefix: str, deadline: Deadline, part: Part = WHOLE) -> Depth:
    return asyncio.run(depth.measure(storage, prefix, deadline, part))


def test_an_empty_spool_has_depth_zero() -> None:
    storage = Memory()
    storage.objects[f"{REJECTED}a"] = b"x"
    assert measure(storage, PREFIX, Deadline(10)) == Depth(0, None)


def test_waiting_objects_are_counted_over_all_pages_with_the_age_of_the_oldest() -> None:
    storage = Memory([batch(age=age) for age in (60, 7200, 5)], page=2)
    storage.objects[PENDING] = b""  # a folder, as OSS's console makes them
    objects, oldest = measure(storage, PREFIX, Deadline(10))
    assert objects == 3
    assert oldest is not None
    assert 7200 <= oldest <= 7260


def test_a_clock_behind_tracks_does_not_make_an_age_negative() -> None:
    assert measure(Memory([batch(age=-100)]), PREFIX, Deadline(10)) == Depth(1, 0)


def test_an_object_without_the_spools_name_format_does_not_count() -> None:
    storage = Memory()
    storage.objects[f"{PENDING}0-stray"] = storage.objects[f"{PENDING}../x"] = b"x"
    assert measure(storage, PREFIX, Deadline(10)) == Depth(0, None)


def test_each_part_counts_its_own_and_together_they_count_all() -> None:
    storage = Memory([batch(str(number)) for number in range(50)])
    counts = [measure(storage, PREFIX, Deadline(10), Part(number, 3)).objects for number in range(3)]
    assert sum(count or 0 for count in counts) == 50
    assert all(counts)


def test_objects_of_version_1_count() -> None:
    storage = Memory([batch(age=60)])
    (name,) = storage.names()
    storage.objects[PENDING + name.rpartition("/")[2]] = storage.objects.pop(name)
    objects, oldest = measure(storage, PREFIX, Deadline(10))
    assert objects == 1
    assert oldest is not None
    assert 60 <= oldest <= 70


def test_the_count_stops_after_its_pages() -> None:
    storage = Memory([batch(str(number)) for number in range(MOST_PAGES + 50)], page=1)
    assert (measure(storage, PREFIX, Deadline(10)).objects or 0) < MOST_PAGES
    assert len(storage.calls) == MOST_PAGES


def test_a_failed_count_is_none() -> None:
    storage = Memory([batch()])
    assert measure(storage, PREFIX, Deadline(0)) == Depth(None, None)
    assert storage.calls == []
    storage.fails = lambda _call, _name: StorageFailed("away", passing=True)
    assert measure(storage, PREFIX, Deadline(10)) == Depth(None, None)
