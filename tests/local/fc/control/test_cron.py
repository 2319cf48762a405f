from __future__ import annotations

from datetime import datetime, timezone

import pytest

from local.fc.control.cron import Schedule, UnreadableSchedule

NOW = datetime(2026, 11, 24, 23, 4, 5, tzinfo=timezone.utc).timestamp()  # a Tuesday


@pytest.mark.parametrize(
    ("expression", "next_tick"),
    [
        ("0 5 23 * * *", "2026-11-24T23:05:00"),
        ("5 4 23 * * *", "2026-11-25T23:04:05"),
        ("6 4 23 * * *", "2026-11-24T23:04:06"),
        ("0 0/15 * * * *", "2026-11-24T23:15:00"),
        ("0 0 4 1 1 *", "2027-01-01T04:00:00"),
        ("0 0 4 * * 0", "2026-11-29T04:00:00"),
        ("0 0 4 * * 7", "2026-11-29T04:00:00"),
        ("0 0 4 * * 1-3,5", "2026-11-25T04:00:00"),
        ("0 0 4 ? * ?", "2026-11-25T04:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("CRON_TZ=Asia/Shanghai 0 0 8 * * *", "2026-11-25T00:00:00"),
    ],
)
def test_the_next_tick_of_a_cron_expression(expression: str, next_tick: str) -> None:
    tick = Schedule.read(expression).after(NOW)
    assert datetime.fromtimestamp(tick, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") == next_tick


def test_every_counts_from_now() -> None:
    assert Schedule.read("@every 1m").after(NOW) == NOW + 60
    assert Schedule.read("@every 15m").after(NOW) == NOW + 900
    assert Schedule.read("@every 3m").after(NOW, minute=5) == NOW + 15


@pytest.mark.parametrize(
    "expression", ["", "@every 0m", "@every 1h", "* * * * *", "a * * * * *", "0 0 5-4 * * *"]
)
def test_an_invalid_schedule_is_refused(expression: str) -> None:
    with pytest.raises(UnreadableSchedule):
        Schedule.read(expression)
