"""Compares the custom runtime's CPU time with the minimum (the floor) for a request over HTTP.

The floor is an application that does nothing, on the fastest well-kept server for Python (uvicorn with
httptools and uvloop), and a bare exchange with SLS. All of it is measured in turns, under the same clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks import bodies
from benchmarks.cost import DISTANCE
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import cpu_so_far, report_of
from benchmarks.rows import Part, Wanted, take_turns
from benchmarks.serving import Server, free_port, load, serving, started
from benchmarks.throughput import CLIENTS

EMPTY = "an application that does nothing, on uvicorn with httptools and uvloop"
EXCHANGE = "a bare exchange with SLS"
BOTH = "the floor: both together"
TRACK = "track, custom runtime"
SLOWEST = "track, custom runtime: p99"


def measure(lab: Lab, rounds: int, seconds: float) -> Part:
    """Measure the parts alternately, for `seconds` each."""
    wanted = [Wanted(EMPTY, "µs"), Wanted(EXCHANGE, "µs"), Wanted(BOTH, "µs")]
    wanted += [Wanted(TRACK, "µs", (BOTH, EMPTY)), Wanted(SLOWEST, "ms")]
    rows = take_turns(wanted, [partial(_floor, lab, seconds), partial(_track, lab, seconds)], rounds)
    return Part("http_floor", f"CPU a POST of 1 KB, SLS 10 ms away, {CLIENTS} clients", rows)


def _floor(lab: Lab, seconds: float) -> Mapping[str, float]:
    port = free_port()
    command = [lab.python, "-m", "benchmarks.probes.empty", str(port)]
    with started(command, lab.variables(lab.checkout), port) as server:
        empty, _ = _loaded(lab, server, seconds)
    exchange = _exchange(lab, seconds)
    return {EMPTY: empty, EXCHANGE: exchange, BOTH: empty + exchange}


def _exchange(lab: Lab, seconds: float) -> float:
    body = BUILD / "small.json"
    body.write_bytes(bodies.small())
    with lab.stand_in(DISTANCE) as upstream:
        probe = [lab.python, "-m", "benchmarks.probes.exchange", upstream, str(body)]
        report = report_of([*probe, str(CLIENTS), str(seconds)], lab.variables(lab.checkout))
    return float(1e6 * report["cpu"] / report["exchanges"])


def _track(lab: Lab, seconds: float) -> Mapping[str, float]:
    with lab.stand_in(DISTANCE) as upstream, serving(lab, upstream) as server:
        cpu, slowest = _loaded(lab, server, seconds)
    return {TRACK: cpu, SLOWEST: slowest}


def _loaded(lab: Lab, server: Server, seconds: float) -> tuple[float, float]:
    """Return the CPU time of a request in µs, and the p99 latency in ms."""
    load(lab, server, CLIENTS, 0.5)  # warms up: connections, caches
    before = cpu_so_far(server.pid)
    report = load(lab, server, CLIENTS, seconds)
    return 1e6 * (cpu_so_far(server.pid) - before) / report["requests"], report["p99"]
