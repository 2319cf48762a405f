"""When a timer fires: `@every 5m`, or six cron fields ("Time trigger", Function Compute's documentation).

The fields are seconds, minutes, hours, days of the month, months and days of the week (0 or 7 is Sunday),
each `*`, numbers, ranges and steps, separated by commas; `?` stands for `*`. Times are in UTC; the prefix
`CRON_TZ=Asia/Shanghai` selects another time zone.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = 60.0  # seconds
_EVERY = re.compile(r"@every ([1-9][0-9]{0,5})m")
_PART = re.compile(r"(?:(\*)|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_HORIZON = 366 * 5  # days to look ahead: long enough for a 29 February


class UnreadableSchedule(ValueError):
    """The expression does not follow this grammar; the message gives the expected form."""


class Schedule(NamedTuple):
    """Either `minutes` between runs, or the `fields` of a cron expression in `zone`."""

    minutes: int
    fields: tuple[frozenset[int], ...] = ()
    zone: tzinfo = timezone.utc

    @classmethod
    def read(cls, text: str) -> Schedule:
        """Raises UnreadableSchedule."""
        if every := _EVERY.fullmatch(text):
            return cls(int(every[1]))
        zone: tzinfo = timezone.utc
        named = re.match(r"CRON_TZ=(\S+) ", text)
        if named:
            zone, text = _zone(named[1]), text[named.end() :]
        parts = text.split(" ")
        if len(parts) != len(_BOUNDS):
            raise UnreadableSchedule(
                f"{text!r} should be @every and minutes (@every 1m), or six fields of cron"
            )
        return cls(0, tuple(_field(part, *bounds) for part, bounds in zip(parts, _BOUNDS, strict=True)), zone)

    def after(self, now: float, minute: float = MINUTE) -> float:
        """Return the time of the next run after `now` (epoch seconds); a minute has `minute` seconds."""
        if self.minutes:
            return now + self.minutes * minute
        moment = datetime.fromtimestamp(int(now), self.zone)
        for day in range(_HORIZON):
            date = (moment + timedelta(days=day)).date()
            if not self._on(date.day, date.month, date.isoweekday() % 7):
                continue
            for hour in sorted(self.fields[2]):
                for minutes in sorted(self.fields[1]):
                    for second in sorted(self.fields[0]):
                        found = datetime(
                            date.year, date.month, date.day, hour, minutes, second, tzinfo=self.zone
                        )
                        if found > moment:
                            return found.timestamp()
        return time.time() + _HORIZON * 86400  # never, such as 30 February

    def _on(self, day: int, month: int, weekday: int) -> bool:
        weekdays = {value % 7 for value in self.fields[5]}
        return day in self.fields[3] and month in self.fields[4] and weekday in weekdays


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UnreadableSchedule(f"{name!r} is not a time zone") from None


def _field(text: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.replace("?", "*").split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise UnreadableSchedule(f"{part!r} is not a valid field of a cron expression")
        first = low if found[1] else int(found[2])
        last = high if found[1] or (found[4] and not found[3]) else int(found[3] or found[2])
        if not low <= first <= last <= high:
            raise UnreadableSchedule(f"{part!r} is not within {low}-{high}")
        values.update(range(first, last + 1, int(found[4] or 1)))
    return frozenset(values)
