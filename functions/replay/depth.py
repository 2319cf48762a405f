"""Counts the objects in the spool and the age of the oldest, for alarms."""

from __future__ import annotations

import time
from typing import NamedTuple

from functions.replay.order import WHOLE, Part
from functions.replay.storage import Page, Storage, StorageFailed
from shared.deadline import Deadline
from shared.spool.format import DIGITS, digit_of, pending, time_of

MOST_PAGES = 40  # a count stops there, so that counting a full spool leaves time to empty it


class Depth(NamedTuple):
    """The waiting objects; None if the count failed."""

    objects: int | None
    oldest: int | None  # seconds since the oldest batch was received; None also if no object waits


UNKNOWN = Depth(None, None)


async def measure(storage: Storage, prefix: str, deadline: Deadline, part: Part = WHOLE) -> Depth:
    """Count the waiting objects in a part of the spool, up to MOST_PAGES pages."""
    count, oldest = 0, None
    left = MOST_PAGES
    root = pending(prefix)
    # The first page of each prefix before any second page: the oldest object is on one of the first pages.
    asked: list[tuple[str, str | None]] = [(root, None)]
    try:
        while asked and left:
            if deadline.remaining() <= 0:
                return UNKNOWN
            at, token = asked.pop(0)
            page = await storage.page(at, token, delimiter="/" if at == root else "")
            left -= 1
            if token is not None and page.next == token:
                return UNKNOWN  # the listing repeats this page endlessly
            found = [one.name for one in page.objects if _counts(prefix, one.name, part)]
            times = [moment for name in found if (moment := time_of(name)) is not None]
            count += len(found)
            oldest = min((*times, *(() if oldest is None else (oldest,))), default=None)
            asked = [*_folders(page, root, part), *asked, *([(at, page.next)] if page.next else [])]
    except StorageFailed:
        return UNKNOWN
    return Depth(count, None if oldest is None else max(0, int(time.time() - oldest)))


def _folders(page: Page, root: str, part: Part) -> list[tuple[str, str | None]]:
    digits = [folder.removeprefix(root).removesuffix("/") for folder in page.folders]
    return [(f"{root}{digit}/", None) for digit in digits if digit in part.digits and digit in DIGITS]


def _counts(prefix: str, name: str, part: Part) -> bool:
    digit = digit_of(prefix, name)
    return digit is not None and digit in part.digits
