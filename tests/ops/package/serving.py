"""Starts a package of the custom runtime in isolation, as Function Compute does, on a free port."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from tests.support.ports import free_port

# As in s.concurrent.yaml, but with -E, -s and -S: without PYTHONPATH and site-packages, only the package and
# the standard library.
_ISOLATED = ["-E", "-s", "-S", "-B", "-m"]

START_SECONDS = 60.0


class Answer(NamedTuple):
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Serving(NamedTuple):
    """A running package."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Send one request on a new connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def stop(self) -> str:
        """Stop it with SIGTERM, as Function Compute does; returns its output."""
        self.process.terminate()
        printed, _ = self.process.communicate(timeout=60)
        return printed


@contextmanager
def serving(python: str, package: Path, name: str, environ: dict[str, str]) -> Iterator[Serving]:
    """The running package; it is stopped at the end of the block."""
    port = free_port()
    process = subprocess.Popen(
        [python, *_ISOLATED, f"functions.{name}", "--host", "127.0.0.1"],
        cwd=package,
        env={"FC_FUNCTION_NAME": "f", "FC_REGION": "cn-hangzhou", "FC_SERVER_PORT": str(port), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_for(process, port)
        yield Serving(process, port)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _wait_for(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("nothing listens")
