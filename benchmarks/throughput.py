"""The throughput of one instance, with SLS 10 ms away: the built-in runtime against the custom one.

The built-in runtime is measured as a loop that calls the handler, one event at a time and without a server,
which makes it look better; the custom runtime is the whole HTTP server, with 64 clients that never pause.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks import bodies
from benchmarks.cost import DISTANCE
from benchmarks.lab import Lab
from benchmarks.processes import cpu_so_far, report_of
from benchmarks.request_cost import event_file
from benchmarks.rows import Part, Wanted, take_turns
from benchmarks.serving import SAID, free_port, load, serving, started
from ops.plan.compute import Times

CLIENTS = 64
BUILT_IN, CUSTOM = "built-in runtime", "custom runtime"
RATE, CPU, MIDDLE, SLOWEST, ERRORS = "requests a second", "CPU a request", "p50", "p99", "errors"
_UNITS = {RATE: "1/s", CPU: "µs", MIDDLE: "ms", SLOWEST: "ms", ERRORS: ""}


def measure(lab: Lab, rounds: int, seconds: float) -> Part:
    """Measure both in each round, for `seconds` each."""
    wanted = [
        Wanted(f"{name}: {what}", unit, (f"{BUILT_IN}: {what}",) if name == CUSTOM and what == RATE else ())
        for what, unit in _UNITS.items()
        for name in (BUILT_IN, CUSTOM)
    ]
    turns = [partial(_built_in, lab, seconds), partial(_custom, lab, seconds)]
    rows = take_turns(wanted, turns, rounds)
    return Part("throughput", f"One instance of track, SLS 10 ms away, {CLIENTS} clients", rows)


def times(part: Part) -> Times:
    """Return the times that determine the cost of a request."""
    built_in, custom = part.row(f"{BUILT_IN}: {CPU}"), part.row(f"{CUSTOM}: {CPU}")
    if built_in is None or custom is None:
        raise ValueError("not measured")
    return Times(DISTANCE, built_in.median / 1e6, custom.median / 1e6)


def _built_in(lab: Lab, seconds: float) -> Mapping[str, float]:
    event = event_file("small", bodies.post(bodies.small()))
    with lab.stand_in(DISTANCE) as upstream:
        probe = [
            lab.python,
            "-m",
            "benchmarks.probes.loop",
            "functions.track.index",
            str(event),
            str(seconds),
        ]
        report = report_of(probe, lab.variables(lab.checkout, upstream))
    return _figures(BUILT_IN, report, report["cpu"])


def _custom(lab: Lab, seconds: float) -> Mapping[str, float]:
    with lab.stand_in(DISTANCE) as upstream, serving(lab, upstream) as server:
        load(lab, server, CLIENTS, 0.5)  # warms up: connections to SLS, caches
        before = cpu_so_far(server.pid)
        report = load(lab, server, CLIENTS, seconds)
        return _figures(CUSTOM, report, cpu_so_far(server.pid) - before)


def profiled(lab: Lab, seconds: float) -> list[tuple[str, float]]:
    """Return each function's share of the server's time, the most expensive first."""
    port = free_port()
    command = [lab.python, "-m", "benchmarks.probes.profiled", "server", str(port)]
    with (
        lab.stand_in(DISTANCE) as upstream,
        started(command, lab.variables(lab.checkout, upstream), port) as server,
    ):
        load(lab, server, CLIENTS, max(seconds, 0.5))
    shares: list[tuple[str, float]] = json.loads(SAID.read_text().splitlines()[-1])["shares"]
    return shares


def _figures(name: str, report: Mapping[str, Any], cpu: float) -> dict[str, float]:
    return {
        f"{name}: {RATE}": report["requests"] / report["seconds"],
        f"{name}: {CPU}": 1e6 * cpu / report["requests"],
        f"{name}: {MIDDLE}": report["p50"],
        f"{name}: {SLOWEST}": report["p99"],
        f"{name}: {ERRORS}": report["errors"],
    }
