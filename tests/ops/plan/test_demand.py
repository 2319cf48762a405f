from __future__ import annotations

import pytest

from ops.plan.demand import Demand, busy_seconds, load, uploads_a_visit


@pytest.mark.parametrize(("events", "uploads"), [(1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_the_sdk_sends_a_batch_at_its_count(events: int, uploads: int) -> None:
    assert uploads_a_visit(Demand(1, events)) == uploads


@pytest.mark.parametrize(
    ("events", "seconds", "uploads"),
    [
        (10, 10, 1),
        (10, 10.1, 2),  # a second batch by `time`
        (10, 300, 10),  # no batch without an event
        (100, 20, 10),  # `count` makes more of them than `time`
    ],
)
def test_or_at_its_time_where_that_makes_more_batches(events: int, seconds: float, uploads: int) -> None:
    assert uploads_a_visit(Demand(1, events, visit_seconds=seconds)) == uploads


def test_an_upload_has_the_bytes_of_its_batch_plus_tracks_additions() -> None:
    found = load(Demand(visitors=100, events=25, event_bytes=300))

    assert (found.events, found.uploads) == (2500, 300)
    assert found.body == pytest.approx(25 / 3 * 300)
    assert found.forwarded == pytest.approx(25 / 3 * (300 + 22) + 275)
    assert found.written == pytest.approx(2500 * 322 + 300 * 275)


@pytest.mark.parametrize(("seconds", "calls"), [(0, 7), (300, 7), (301, 14)])
def test_a_page_asks_for_a_credential_every_five_minutes(seconds: float, calls: float) -> None:
    assert load(Demand(7, 1, visit_seconds=seconds)).tokens == calls


def test_a_month_is_thirty_days_of_the_peaks_hours() -> None:
    assert busy_seconds(Demand(1, 1, peak_hours=8)) == 30 * 8 * 3600
