"""A function as the process that Function Compute starts: `python -m functions.NAME`, on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from local.fc.function import ROOT
from tests.track.support import SETTINGS


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def start(name: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], **SETTINGS, **settings}
    command = [sys.executable, "-m", f"functions.{name}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)


@contextlib.contextmanager
def running(name: str = "track", **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    with start(name, "--host", "127.0.0.1", "--port", str(port), **settings) as process:
        try:
            wait_for(port, process)
            yield process, f"http://127.0.0.1:{port}"
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
    """Return the highest resident size that a process has had, in MB (proc(5), VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmHWM:"))
    return int(found.split()[1]) / 1024
