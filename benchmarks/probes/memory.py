"""The peak memory of a function's process after some requests; prints a JSON object.

`python -m benchmarks.probes.memory EVENT-FILE TIMES`; the process contains only the function and its event.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.probes.loop import answer_of, without_network
from benchmarks.probes.peak import peak
from functions.track.index import handler


def main(event_file: str, times: int) -> None:
    """Answer the event `times` times; it is read each time, because each request has separate memory."""
    without_network()
    for _ in range(times):
        answer_of(handler, Path(event_file).read_bytes())
    print(json.dumps({"MB": peak()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
