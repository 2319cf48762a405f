"""Profiles: the modules of a start, and the functions of a request."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from benchmarks import bodies
from benchmarks.lab import Lab
from benchmarks.processes import report_of
from benchmarks.request_cost import LARGE, SMALL, event_file
from benchmarks.throughput import profiled

SHOWN = 12  # entries of each profile


class Profile(NamedTuple):
    """The most expensive entries of one profile, each with its share of the total (0-1)."""

    title: str
    entries: tuple[tuple[str, float], ...]


def take(lab: Lab, times: int) -> list[Profile]:
    """Profile both functions' imports, requests small and large, and the custom runtime's server."""
    return [
        _imports(lab, "track"),
        _imports(lab, "token"),
        _request(lab, SMALL, bodies.post(bodies.small()), times * 100),
        _request(lab, LARGE, bodies.post(bodies.large()), times),
        _profile(f"custom runtime, {SMALL}: each function's own time", profiled(lab, times / 10)),
    ]


def _imports(lab: Lab, name: str) -> Profile:
    """The minimum of five starts, because imports are timed by wall-clock time."""
    starts = [_import_times(lab, name) for _ in range(5)]
    own = {module: min(start.get(module, 1e9) for start in starts) for module in starts[0]}
    whole = sum(own.values())
    dearest = sorted(own.items(), key=lambda item: -item[1])[:SHOWN]
    title = f"importing {name}'s package, {whole / 1000:.0f} ms: each module's own time"
    return Profile(title, tuple((module, spent / whole) for module, spent in dearest))


def _import_times(lab: Lab, name: str) -> dict[str, int]:
    """Import the function from its package if there is one, because that is deployed."""
    command = [lab.python, "-X", "importtime", "-c", f"import functions.{name}.index"]
    variables = lab.variables((lab.packages[name],) if lab.packages else lab.checkout)
    done = subprocess.run(command, env=variables, cwd="/", capture_output=True, text=True, check=True)
    lines = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines()[1:]]
    return {module.strip(): int(own) for own, _, module in lines}


def _request(lab: Lab, title: str, event: bytes, times: int) -> Profile:
    written = event_file("profile", event)
    command = [lab.python, "-m", "benchmarks.probes.profiled", "handler", str(written), str(times)]
    shares = report_of(command, lab.variables(lab.checkout))["shares"]
    return _profile(f"{title}, without the network: each function's own time", shares)


def _profile(title: str, shares: list[tuple[str, float]]) -> Profile:
    return Profile(title, tuple((name, share) for name, share in shares[:SHOWN]))
