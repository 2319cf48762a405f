"""How much waits in the spool, and since when: what an alarm watches."""

from __future__ import annotations

import time
from typing import NamedTuple

from functions.replay.storage import Storage, StorageFailed
from shared.deadline import Deadline
from shared.spool.format import pending, time_of

MOST_PAGES = 10  # a count stops there, so that a deep spool does not take the time to empty it


class Depth(NamedTuple):
    """What waits; None where it could not be found out."""

    objects: int | None
    oldest: int | None  # seconds since the oldest was received; also None where nothing waits


UNKNOWN = Depth(None, None)


def measure(storage: Storage, prefix: str, deadline: Deadline) -> Depth:
    """Count what waits, up to MOST_PAGES pages."""
    count, first, after = 0, "", ""
    try:
        for _ in range(MOST_PAGES):
            if deadline.remaining() <= 0:
                return UNKNOWN
            page = storage.page(pending(prefix), after)
            if not page:
                break
            names = [waiting.name for waiting in page if not waiting.name.endswith("/")]
            count += len(names)
            first = first or (names[0] if names else "")
            after = page[-1].name
    except StorageFailed:
        return UNKNOWN
    received = time_of(first)
    return Depth(count, None if received is None else max(0, int(time.time() - received)))
