"""The effect of attackers on others: memory under the worst bodies, latency beside senders of large ones.

One process of the custom runtime, as deployed. As many large bodies as the instance's concurrency arrive at
the same moment, with SLS three seconds away. Then twenty visitors each send 1 KB and pause; the senders of
large bodies send the next one as soon as the previous one is answered.
"""

from __future__ import annotations

import gzip
import subprocess
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchmarks import bodies
from benchmarks.cost import DISTANCE
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import report_of
from benchmarks.rows import Part, Wanted, take_turns
from benchmarks.serving import Server, serving
from benchmarks.throughput import SLOWEST

FAR = 3.0  # seconds to SLS and back
CROWD = 64
VISITORS, PAUSE = 20, 0.05  # seconds between a visitor's requests
CROWDS = {
    "gzip, many fields": ("fields", "Content-Encoding: gzip"),
    "gzip, text": ("packed", "Content-Encoding: gzip"),
    "text": ("large", "Content-Type: application/json"),
}
PEAK = "64 of the worst bodies at once: peak memory"
LOST = "64 of the worst bodies at once: answered 200 and not in SLS"
ALONE = "1 KB POSTs of 20 visitors, alone"
BESIDE = (
    "1 KB POSTs of 20 visitors, beside one client that sends 3 MB without pause",
    "1 KB POSTs of 20 visitors, beside three of them",
)
WORST = "the dearest body found: CPU against an ordinary body of 3 MB and 4,096 logs"
_SENDERS = {ALONE: 0, BESIDE[0]: 1, BESIDE[1]: 3}
_CROWD_UNITS = {"peak memory": "MB", "answered 200": "", "refused": "", "the last answer after": "s"}


def measure(lab: Lab, rounds: int, seconds: float, every: int = 1) -> Part:
    """Measure both, visitors for `seconds` each, the most expensive body in one of `every` of the corpus."""
    _write_bodies()
    wanted = [
        Wanted(f"{_at_once(name)}: {what}", unit) for name in CROWDS for what, unit in _CROWD_UNITS.items()
    ]
    wanted += [Wanted(PEAK, "MB"), Wanted(LOST, "")]
    wanted += [Wanted(f"{name}: {SLOWEST}", "ms") for name in (ALONE, *BESIDE)]
    wanted += [Wanted(WORST, "×")]
    turns = [partial(_crowds, lab), partial(_dearest, lab, seconds, every)]
    turns += [partial(_visitors, lab, seconds, name, senders) for name, senders in _SENDERS.items()]
    return Part("attacks", "Attacks on one instance of track", take_turns(wanted, turns, rounds))


def _dearest(lab: Lab, seconds: float, every: int) -> Mapping[str, float]:
    """Search for `seconds` after the corpus; the same bodies each time."""
    command = [lab.python, "-m", "benchmarks.worst_body", "--json", "--search", str(seconds)]
    command += ["--every", str(every)]
    return {WORST: report_of(command, lab.variables(lab.checkout))["ratio"]}


def _at_once(name: str) -> str:
    return f"64 bodies of 3 MB at once ({name})"


def _write_bodies() -> None:
    made = {
        "small": bodies.small(),
        "large": bodies.large(),
        "packed": gzip.compress(bodies.large(), mtime=0),
        "fields": gzip.compress(bodies.many_fields(), mtime=0),
    }
    for name, body in made.items():
        _file(name).write_bytes(body)


def _file(name: str) -> Path:
    return BUILD / f"attack-{name}"


def _crowds(lab: Lab) -> Mapping[str, float]:
    """Send each kind of bodies to a new process."""
    found: dict[str, float] = {}
    lost = 0.0
    for name, (body, header) in CROWDS.items():
        with lab.stand_in(FAR) as upstream, serving(lab, upstream) as server:
            command = [lab.python, "-m", "benchmarks.probes.crowd", server.address, bodies.TRACK]
            command += [str(_file(body)), str(CROWD), header]
            report = report_of(command, lab.variables(lab.checkout))
            peak, written = _peak(server), _calls(upstream)
        statuses = report["statuses"]
        values = (peak, statuses.get("200", 0), CROWD - statuses.get("200", 0), report["seconds"])
        found |= {
            f"{_at_once(name)}: {what}": value for what, value in zip(_CROWD_UNITS, values, strict=True)
        }
        lost += max(statuses.get("200", 0) - written, 0)
    worst = max(found[f"{_at_once(name)}: peak memory"] for name in CROWDS)
    return {**found, PEAK: worst, LOST: lost}


def _visitors(lab: Lab, seconds: float, name: str, senders: int) -> Mapping[str, float]:
    with lab.stand_in(DISTANCE) as upstream, serving(lab, upstream) as server:
        sending = _load(lab, server, "large", senders, seconds + 2) if senders else None
        command = _load_command(lab, server, "small", VISITORS, seconds, PAUSE)
        try:
            report = report_of(command, lab.variables(lab.checkout))
        finally:
            if sending is not None:
                sending.terminate()
                with suppress(subprocess.TimeoutExpired):
                    sending.wait(5)
    if report["errors"]:
        raise AssertionError(f"{report['errors']} visitors were not answered 200")
    return {f"{name}: {SLOWEST}": report["p99"]}


def _load(lab: Lab, server: Server, body: str, clients: int, seconds: float) -> subprocess.Popen[bytes]:
    command = _load_command(lab, server, body, clients, seconds, 0)
    return subprocess.Popen(command, env=lab.variables(lab.checkout), cwd="/", stdout=subprocess.DEVNULL)


def _load_command(
    lab: Lab, server: Server, body: str, clients: int, seconds: float, pause: float
) -> list[str]:
    command = [lab.python, "-m", "benchmarks.probes.load", server.address, bodies.TRACK, str(_file(body))]
    return [*command, str(clients), str(seconds), str(pause)]


def _peak(server: Server) -> float:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def _calls(upstream: str) -> int:
    with urllib.request.urlopen(f"{upstream}/calls") as answer:  # noqa: S310 - the stand-in on loopback
        return int(answer.read())
