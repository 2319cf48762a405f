"""A real Redis as a test's process on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.waiting import until


class RedisServer:
    """A server without persistence; stopped at the end of the `with` block."""

    def __init__(self, *options: str) -> None:
        """`options` are further options of redis-server; PORT stands for the port.

        Skips the test if redis-server is not installed; with REQUIRE_REDIS=1 it fails instead.
        """
        self._program = shutil.which("redis-server") or ""
        if not self._program and os.environ.get("REQUIRE_REDIS") == "1":
            pytest.fail("redis-server is required here")
        if not self._program:
            pytest.skip("redis-server is not installed")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = [str(self.port) if option == "PORT" else option for option in options]
        self._process: subprocess.Popen[bytes] | None = None
        self._directory = tempfile.TemporaryDirectory()

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.kill()
        self._directory.cleanup()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self._program, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if "--port" not in self._options:
            command += ["--port", str(self.port)]
        command += [*self._options, "--dir", self._directory.name]
        with Path(self._directory.name, "log").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        if not until(self._listens, 60):
            raise AssertionError("redis-server does not start")

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill it, as in a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Stop it from answering, with all connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it continue."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
