"""Write quotas: how much a Logstore accepts per second before it answers 403 WriteQuotaExceed."""

from __future__ import annotations

import threading
from typing import NamedTuple

from local.sls.errors import SlsError


class WriteQuota(NamedTuple):
    """What is accepted in one second; None is no limit.

    The documented quota of one shard is 500 writes and 5 MB a second.
    """

    writes: int | None = None
    size: int | None = None  # bytes, uncompressed


class Meter:
    """Counts the writes of the current second against a quota; thread-safe."""

    def __init__(self, quota: WriteQuota) -> None:
        self._quota = quota
        self._lock = threading.Lock()
        self._second = 0
        self._writes = self._size = 0

    def take(self, size: int, *, now: float) -> None:
        """Count one write of `size` bytes at `now` (epoch seconds). Raises SlsError: WriteQuotaExceed."""
        with self._lock:
            if int(now) != self._second:
                self._second = int(now)
                self._writes = self._size = 0
            if _over(self._writes + 1, self._quota.writes) or _over(self._size + size, self._quota.size):
                raise SlsError("WriteQuotaExceed", "Write quota is exceeded.")
            self._writes += 1
            self._size += size


def _over(amount: int, limit: int | None) -> bool:
    return limit is not None and amount > limit
