"""The peak memory of this process."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> float:
    """Return this process's highest resident size, in MB (of 1,048,576 bytes).

    From proc(5) if available: `ru_maxrss` includes memory from before exec.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024
