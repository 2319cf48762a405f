"""An instance of replay: `python -m tests.soak.replayer PART PARTS`, run after run until its part is drained.

Prints the line of each run, with the most memory that the process has had, in MB.
"""

# ruff: noqa: T201 - it speaks to whoever started it

from __future__ import annotations

import json
import sys
import time
from types import SimpleNamespace

from functions.replay.index import handler, initialize
from tests.soak.memory import highest

TIMEOUT = 20.0  # seconds of a run; s.replay.yaml's are 50
PAUSE = 0.5  # seconds between two runs; on Function Compute what is left of the minute
MOST_RUNS = 200


def main(part: str, parts: str) -> None:
    """Run until nothing is left."""
    payload = json.dumps({"part": int(part), "parts": int(parts)})
    event = json.dumps({"triggerName": "minute", "payload": payload}).encode()
    context = SimpleNamespace(request_id="drill", function=SimpleNamespace(timeout=TIMEOUT))
    initialize(context)
    for _ in range(MOST_RUNS):
        line = handler(event, context)
        print(json.dumps({**line, "MB": highest()}), flush=True)
        if line["ended"] == "drained" and line["left"] == 0:
            return
        time.sleep(PAUSE)
    sys.exit(f"not drained after {MOST_RUNS} runs")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
