"""Starts a function as Function Compute does: `python -m functions.NAME`, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from local.fc.function import ROOT
from tests.support.ports import free_port
from tests.track.support import SETTINGS

Process = subprocess.Popen[str]


class Served(NamedTuple):
    """A serving process and the file for its output: a pipe without a reader would block it."""

    process: Process
    url: str
    output: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return the log lines so far; each must be JSON."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]


def start(name: str, *arguments: str, **settings: str) -> Process:
    """Start it with its output in a pipe; without a port, as Function Compute does."""
    return _start(name, arguments, settings, subprocess.PIPE)


def _start(name: str, arguments: Sequence[str], settings: Mapping[str, str], output: int) -> Process:
    environment = {"PATH": os.environ["PATH"], **SETTINGS, **settings}
    command = [sys.executable, "-m", f"functions.{name}", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=output, stderr=subprocess.STDOUT
    )


@contextlib.contextmanager
def running(name: str = "track", **settings: str) -> Iterator[Served]:
    """Start it on a free port, and end it with the block."""
    port = free_port()
    with tempfile.NamedTemporaryFile("w", prefix=f"{name}-") as output:
        arguments = ("--host", "127.0.0.1", "--port", str(port))
        with _start(name, arguments, settings, output.fileno()) as process:
            try:
                wait_for(port, process)
                yield Served(process, f"http://127.0.0.1:{port}", Path(output.name))
            finally:
                process.kill()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the process does not listen")


def peak_memory(pid: int) -> float:
    """Return the peak resident size of a process, in MB (proc(5), VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmHWM:"))
    return int(found.split()[1]) / 1024
