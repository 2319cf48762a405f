"""What importing a handler costs, in ratios to a bare interpreter: `python -m benchmarks.cold_start`.

Each row is a fresh process with warm bytecode. The rows take turns, so that a busy machine slows all of
them alike, and the smallest CPU time of each counts, since nothing but noise adds to it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

ROWS = {
    "bare interpreter": "pass",
    "functions.track.index": "import functions.track.index",
    "functions.token.index": "import functions.token.index",
    "the connection code": "import shared.upstream",
    "http.client + ssl instead": "import http.client, ssl",
    "alibabacloud_sts20150401.client": "import alibabacloud_sts20150401.client",
}


def cpu_seconds(code: str) -> float:
    """Return the user and system time of a process that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def measure(rounds: int) -> dict[str, float]:
    """Return the least CPU time of each row over `rounds` turns, in seconds."""
    for code in ROWS.values():
        cpu_seconds(code)  # writes the bytecode
    turns = [{name: cpu_seconds(code) for name, code in ROWS.items()} for _ in range(rounds)]
    return {name: min(turn[name] for turn in turns) for name in ROWS}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    least = measure(parser.parse_args().rounds)
    bare = least["bare interpreter"]
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"CPython {version}: CPU time to import, against a bare interpreter ({1000 * bare:.0f} ms)")
    for name, seconds in least.items():
        print(f"  {name:34}{seconds / bare:6.2f} ×")


if __name__ == "__main__":
    main()
