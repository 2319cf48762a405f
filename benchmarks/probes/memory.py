"""How much memory a function's process has taken at its highest, after some requests; prints a JSON object.

`python -m benchmarks.probes.memory EVENT-FILE TIMES`; nothing but the function and its event is in it.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from benchmarks.probes.loop import answer_of, without_network
from functions.track.index import handler


def peak() -> float:
    """Return this process's highest resident size, in MB (of 1,048,576 bytes).

    From proc(5) where there is one: `ru_maxrss` counts what the process had before it became this program.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def main(event_file: str, times: int) -> None:
    """Answer the event so many times, freshly read each, as each arrives in memory of its own."""
    without_network()
    for _ in range(times):
        answer_of(handler, Path(event_file).read_bytes())
    print(json.dumps({"MB": peak()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
