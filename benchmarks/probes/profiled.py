"""Profiles requests: prints each function's share of the total, its own time only.

`python -m benchmarks.probes.profiled handler EVENT-FILE TIMES` profiles track's handler without the network;
`… server PORT` the custom runtime's server from its first request until SIGTERM. Shares are of time under the
profiler, which overstates many short calls.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
from pathlib import Path
from typing import Any

from benchmarks.probes.loop import answer_of, without_network

ROOT = Path(__file__).parents[2]
_LOOP = ("runners: ", "method 'run_until_complete'")  # the callers of the event loop


def handler(event_file: str, times: int) -> None:
    """Profile after some warm-up requests."""
    from functions.track.index import handler

    without_network()
    event = Path(event_file).read_bytes()
    for _ in range(min(times, 100)):
        answer_of(handler, event)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        answer_of(handler, event)
    profile.disable()
    _report(profile)


def server(port: str) -> None:
    """Profile the server until SIGTERM, without the event loop's own work and waiting."""
    from functions.track.service import build
    from shared.hosts.custom.process import main

    profile = cProfile.Profile()
    profile.runcall(main, build, ["--host", "127.0.0.1", "--port", port])
    _report(profile)


def _report(profile: cProfile.Profile) -> None:
    found: dict[tuple[str, int, str], tuple[Any, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    named = [(_name(*where), entry[2]) for where, entry in found.items()]
    own = [(name, spent) for name, spent in named if not name.startswith(_LOOP)]
    whole = sum(spent for _, spent in own)
    shares = [(name, spent / whole) for name, spent in own]
    print(json.dumps({"shares": sorted(shares, key=lambda share: -share[1])}))


def _name(file: str, _: int, function: str) -> str:
    path = Path(file)
    if path.is_relative_to(ROOT) and "build" not in path.relative_to(ROOT).parts:
        return f"{path.relative_to(ROOT).with_suffix('')}: {function}".replace("/", ".")
    return f"{path.stem}: {function}" if path.suffix else function.strip("<>")


if __name__ == "__main__":
    if sys.argv[1] == "server":
        server(sys.argv[2])
    else:
        handler(sys.argv[2], int(sys.argv[3]))
