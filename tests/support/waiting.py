"""What tests wait for that happens elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something; False if it has not happened in so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def in_some_try(check: Callable[[], None], tries: int = 4) -> None:
    """Make a check of something in time until it passes: a busy machine spoils some tries, a defect all."""
    for _ in range(tries - 1):
        with suppress(AssertionError):
            return check()
    return check()


def gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Ended with all its threads, but perhaps not yet collected by whoever inherited it.
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return Path("/proc/self").exists()
