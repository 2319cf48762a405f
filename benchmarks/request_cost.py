"""The cost of one request to track: CPU time without the network, and peak memory of the process."""

from __future__ import annotations

from pathlib import Path

from benchmarks import bodies
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import report_of
from benchmarks.rows import Part, Row

SMALL, LARGE, GET = "POST of 1 KB, 10 logs", "POST of 3 MB, 4,096 logs", "GET of 12 pairs"
PLAIN = f"{SMALL}: by the core alone, tickets and limits off"
TICKETS, LIMIT = f"{SMALL}: tickets on", f"{SMALL}: a rate limit in the instance"
FLOOR = "its floor: event by `json`, body by msgspec"
MEMORY = "peak memory of a process"
_NAMES = {
    "small": SMALL,
    "small floor": f"{SMALL}: {FLOOR}",
    "plain": PLAIN,
    "tickets": TICKETS,
    "limit": LIMIT,
    "large": LARGE,
    "large floor": f"{LARGE}: {FLOOR}",
    "get": GET,
}


def measure(lab: Lab, rounds: int) -> Part:
    """Measure CPU in µs, memory in MB."""
    probe = [lab.python, "-m", "benchmarks.probes.requests", str(rounds)]
    found = report_of(probe, lab.variables(lab.checkout))
    rows = []
    for key, name in _NAMES.items():
        floor = _NAMES.get(f"{key} floor") or (PLAIN if key in ("tickets", "limit") else None)
        rows.append(Row(name, "µs", tuple(found[key]), (floor,) if floor else ()))
    return Part("request_cost", "A request to track: CPU time and memory", (*rows, *_memory(lab)))


def _memory(lab: Lab) -> list[Row]:
    events = {SMALL: bodies.post(bodies.small()), LARGE: bodies.post(bodies.large())}
    return [
        Row(f"{name}: {MEMORY}", "MB", tuple(_peak(lab, event) for _ in range(3)))
        for name, event in events.items()
    ]


def _peak(lab: Lab, event: bytes) -> float:
    written = event_file("memory", event)
    probe = [lab.python, "-m", "benchmarks.probes.memory", str(written), "20"]
    return float(report_of(probe, lab.variables(lab.checkout))["MB"])


def event_file(name: str, event: bytes) -> Path:
    """Write an event to a file for a measured process."""
    path = BUILD / f"{name}.event"
    path.write_bytes(event)
    return path
