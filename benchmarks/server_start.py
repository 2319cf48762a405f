"""From the start of a custom runtime's process to its first answer over HTTP.

Each turn starts the server as Function Compute does, connects as soon as it listens, and sends one upload of
1 KB to it, with an SLS that answers at once. Beside it, uvicorn with an application that does nothing.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks import bodies
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import ROOT, ProbeFailed, cpu_seconds
from benchmarks.rows import Part, Wanted, take_turns
from benchmarks.serving import free_port

BARE = "`python -c pass`"
EMPTY = "uvicorn, an application that does nothing"
TRACK = "track, custom runtime, package"
_WALL = "time on the clock"
_LOOK = 0.002  # seconds between two attempts to connect


def measure(lab: Lab, rounds: int) -> Part:
    """Measure CPU time in ms, and the time on the clock."""
    wanted = [Wanted(BARE, "ms"), Wanted(EMPTY, "ms", (BARE,)), Wanted(TRACK, "ms", (BARE, EMPTY))]
    wanted += [Wanted(f"{name}: {_WALL}", "ms") for name in (EMPTY, TRACK)]
    package = _package()
    with lab.stand_in(0) as upstream:
        turns = [
            partial(_bare, lab),
            partial(_served, lab, EMPTY, ["-m", "benchmarks.probes.empty", "{port}"], lab.checkout, upstream),
            partial(_served, lab, TRACK, ["-m", "functions.track"], (package,), upstream),
        ]
        for turn in turns:
            turn()  # warms up: fills the file cache
        rows = take_turns(wanted, turns, rounds)
    return Part("server_start", "From the start of a server to its first answer: CPU time", rows)


def _package() -> Path:
    into = BUILD / "custom-runtime"
    command = [sys.executable, "-m", "ops", "package", "--runtime", "custom.debian11", "--into", str(into)]
    subprocess.run([*command, "track"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return into / "track"


def _bare(lab: Lab) -> Mapping[str, float]:
    return {BARE: 1000 * cpu_seconds([lab.python, "-c", "pass"], lab.variables(()))}


def _served(
    lab: Lab, name: str, arguments: list[str], path: tuple[Path, ...], upstream: str
) -> Mapping[str, float]:
    port = free_port()
    command = [lab.python, *(one.format(port=port) for one in arguments)]
    variables = {**lab.variables(path, upstream), "FC_SERVER_PORT": str(port)}
    began = time.monotonic()
    with subprocess.Popen(command, env=variables, cwd="/", stdout=subprocess.DEVNULL) as process:
        try:
            _upload(port)
            took = time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    return {name: 1000 * (usage.ru_utime + usage.ru_stime), f"{name}: {_WALL}": 1000 * took}


def _upload(port: int) -> None:
    """Send one upload as soon as the server listens. Raises ProbeFailed if the answer is not 200."""
    body = bodies.small()
    head = f"POST {bodies.TRACK} HTTP/1.1\r\nHost: benchmark\r\nContent-Length: {len(body)}\r\n\r\n"
    with _connected(port) as connection:
        connection.sendall(head.encode() + body)
        answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ProbeFailed(answer.decode(errors="replace")[:200])


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        attempt = socket.socket()
        if attempt.connect_ex(("127.0.0.1", port)) == 0:
            attempt.settimeout(10)
            return attempt
        attempt.close()
        time.sleep(_LOOK)
    raise ProbeFailed("the server does not listen")
