"""After a run: whether what was answered 200 is in SLS, as it was sent, and whether everything has ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from local.sls.store import StoredLog
from tests.soak.plan import checksum
from tests.soak.tally import Tally

GONE_AFTER = 10.0  # seconds in which everything has to have ended
_POLL = 0.05  # seconds


def reckon(tally: Tally, logs: Sequence[StoredLog]) -> None:
    """Compare what was answered 200 with all that is in SLS."""
    times = Counter(log.fields.get("id", "") for log in logs)
    lost = sorted(tally.confirmed - set(times))
    tally.stored, tally.duplicates, tally.lost = len(logs), len(logs) - len(times), len(lost)
    tally.violate("answered 200 and lost", *lost)
    tally.violate(
        "stored otherwise than sent", *(log.fields.get("id", "?") for log in logs if not _as_sent(log))
    )


def check_gone(tally: Tally, pids: Iterable[int], took: float) -> None:
    """Check that stopping took no longer than it may, in seconds, and has left none of the processes."""
    deadline = time.monotonic() + GONE_AFTER
    while (there := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    tally.violate("still there at the end", *map(str, there))
    if took > GONE_AFTER:
        tally.violate("slow to end", f"{took:.1f} s")


def _as_sent(log: StoredLog) -> bool:
    return log.fields.get("sum") == checksum(log.fields) and log.fields.get("to") == log.logstore


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
