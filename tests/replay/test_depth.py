"""How much waits and since when, as the log line has it."""

from __future__ import annotations

from functions.replay.depth import MOST_PAGES, Depth, measure
from functions.replay.storage import StorageFailed
from shared.deadline import Deadline
from tests.replay.support import PENDING, PREFIX, REJECTED, Memory, batch


def test_nothing_waits() -> None:
    storage = Memory()
    storage.objects[f"{REJECTED}a"] = b"x"
    assert measure(storage, PREFIX, Deadline(10)) == Depth(0, None)


def test_what_waits_is_counted_over_pages_and_the_oldest_tells_its_age() -> None:
    storage = Memory([batch(age=age) for age in (60, 7200, 5)], page=2)
    storage.objects[PENDING] = b""  # a folder, as OSS's console makes them
    objects, oldest = measure(storage, PREFIX, Deadline(10))
    assert objects == 3
    assert oldest is not None
    assert 7200 <= oldest <= 7260


def test_a_clock_behind_tracks_does_not_make_an_age_negative() -> None:
    assert measure(Memory([batch(age=-100)]), PREFIX, Deadline(10)) == Depth(1, 0)


def test_an_object_of_another_name_counts_and_has_no_age() -> None:
    storage = Memory([batch()])
    storage.objects[f"{PENDING}0-stray"] = b"x"
    assert measure(storage, PREFIX, Deadline(10)) == Depth(2, None)


def test_the_count_stops_after_its_pages() -> None:
    storage = Memory([batch(str(number)) for number in range(MOST_PAGES + 5)], page=1)
    assert measure(storage, PREFIX, Deadline(10)).objects == MOST_PAGES
    assert len(storage.calls) == MOST_PAGES


def test_what_cannot_be_found_out_is_none() -> None:
    storage = Memory([batch()])
    assert measure(storage, PREFIX, Deadline(0)) == Depth(None, None)
    assert storage.calls == []
    storage.fails = lambda _call, _name: StorageFailed("away", passing=True)
    assert measure(storage, PREFIX, Deadline(10)) == Depth(None, None)
