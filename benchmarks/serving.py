"""Servers in separate processes, and clients that send load to them."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks import bodies
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import report_of
from local.ports import ReservedPort

_reserved: list[ReservedPort] = []
SAID = BUILD / "server.log"  # what the server that was started last has printed


class Server(NamedTuple):
    """A process that serves HTTP."""

    address: str
    pid: int


@contextmanager
def serving(lab: Lab, upstream: str) -> Iterator[Server]:
    """Serve track in the custom runtime, writing to `upstream`."""
    port = free_port()
    command = [lab.python, "-m", "functions.track", "--host", "127.0.0.1", "--port", str(port)]
    with started(command, lab.variables(lab.checkout, upstream), port) as server:
        yield server


@contextmanager
def started(command: list[str], variables: dict[str, str], port: int) -> Iterator[Server]:
    """Run a server that will listen on `port`, until the end of the block."""
    # Output goes to a file: a pipe that nobody reads would fill up and block the server.
    with SAID.open("w") as said, subprocess.Popen(command, env=variables, cwd="/", stdout=said) as process:
        try:
            _await(port)
            yield Server(f"127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()


def load(lab: Lab, server: Server, clients: int, seconds: float) -> dict[str, Any]:
    """Send uploads of 1 KB for `seconds`; return the report of `benchmarks.probes.load`."""
    body = BUILD / "small.json"
    body.write_bytes(bodies.small())
    command = [lab.python, "-m", "benchmarks.probes.load", server.address, bodies.TRACK, str(body)]
    return report_of([*command, str(clients), str(seconds)], lab.variables(lab.checkout))


def free_port() -> int:
    """Return a port of the loopback on which nothing listens."""
    _reserved.append(ReservedPort())
    return _reserved[-1].number


def _await(port: int) -> None:
    """Return once something listens. Raises TimeoutError."""
    end = time.monotonic() + 60
    while not _listens(port):
        if time.monotonic() > end:
            raise TimeoutError("the server does not listen")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
