"""The throughput of one instance, with SLS 10 ms away: the built-in runtime against the custom one.

The built-in runtime is measured as a loop that calls the handler, one event at a time and without a server,
which makes it look better; the custom runtime is the whole HTTP server, with 64 clients that never pause.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from benchmarks import bodies
from benchmarks.cost import DISTANCE
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import cpu_so_far, report_of
from benchmarks.request_cost import event_file
from benchmarks.rows import Part, Wanted, take_turns
from ops.plan.compute import Times

CLIENTS = 64
_SAID = BUILD / "server.log"
BUILT_IN, CUSTOM = "built-in runtime", "custom runtime"
RATE, CPU, MIDDLE, SLOWEST, ERRORS = "requests a second", "CPU a request", "p50", "p99", "errors"
_UNITS = {RATE: "1/s", CPU: "µs", MIDDLE: "ms", SLOWEST: "ms", ERRORS: ""}


class Server(NamedTuple):
    """track's process in the custom runtime."""

    address: str
    pid: int


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
        _load(lab, server, 0.5)  # connections to SLS, caches
        before = cpu_so_far(server.pid)
        report = _load(lab, server, seconds)
        return _figures(CUSTOM, report, cpu_so_far(server.pid) - before)


def profiled(lab: Lab, seconds: float) -> list[tuple[str, float]]:
    """Return each function's share of the server's time, the most expensive first."""
    port = _free_port()
    command = [lab.python, "-m", "benchmarks.probes.profiled", "server", str(port)]
    with (
        lab.stand_in(DISTANCE) as upstream,
        _started(command, lab.variables(lab.checkout, upstream)) as process,
    ):
        _await(port)
        _load(lab, Server(f"127.0.0.1:{port}", process.pid), max(seconds, 0.5))
    shares: list[tuple[str, float]] = json.loads(_SAID.read_text().splitlines()[-1])["shares"]
    return shares


def _load(lab: Lab, server: Server, seconds: float) -> dict[str, Any]:
    body = BUILD / "small.json"
    body.write_bytes(bodies.small())
    command = [lab.python, "-m", "benchmarks.probes.load", server.address, bodies.TRACK, str(body)]
    return report_of([*command, str(CLIENTS), str(seconds)], lab.variables(lab.checkout))


def _figures(name: str, report: Mapping[str, Any], cpu: float) -> dict[str, float]:
    return {
        f"{name}: {RATE}": report["requests"] / report["seconds"],
        f"{name}: {CPU}": 1e6 * cpu / report["requests"],
        f"{name}: {MIDDLE}": report["p50"],
        f"{name}: {SLOWEST}": report["p99"],
        f"{name}: {ERRORS}": report["errors"],
    }


@contextmanager
def serving(lab: Lab, upstream: str) -> Iterator[Server]:
    """Serve track, writing to `upstream`."""
    port = _free_port()
    command = [lab.python, "-m", "functions.track", "--host", "127.0.0.1", "--port", str(port)]
    with _started(command, lab.variables(lab.checkout, upstream)) as process:
        _await(port)
        yield Server(f"127.0.0.1:{port}", process.pid)


@contextmanager
def _started(command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    # Output goes to a file: a pipe without a reader would fill up and block the server.
    with _SAID.open("w") as said, subprocess.Popen(command, env=variables, cwd="/", stdout=said) as process:
        try:
            yield process
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _await(port: int) -> None:
    """Return when the server listens. Raises TimeoutError."""
    end = time.monotonic() + 10
    while not _listens(port):
        if time.monotonic() > end:
            raise TimeoutError("the custom runtime does not listen")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
