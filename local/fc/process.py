"""The process of an instance: its start, its environment, its output and its end."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from local.fc import environment
from local.fc.function import Function

_POLL = 0.01  # seconds between checks whether it still runs

Show = Callable[[str], None]


def instance_name() -> str:
    """Return a new instance's name (FC_INSTANCE_ID)."""
    return f"c-{uuid.uuid4().hex[:24]}"


class InstanceProcess:
    """A running process of a function; only its async methods may take time."""

    def __init__(
        self,
        function: Function,
        command: Sequence[str],
        show: Show,
        *,
        variables: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        name: str | None = None,
    ) -> None:
        """Start `command`; `variables` are added to the function's, `show` receives each line of output.

        The first line may come before this returns. `name` is the instance's, by default a new one.
        """
        self.id = name or instance_name()
        self.last_line = ""
        self._show = show
        self._born = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - the function's own command, no shell
            command,
            cwd=function.code,
            env={**environment.build(function, self.id), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,  # Ctrl-C in the terminal must reach only the host
        )
        self._output = threading.Thread(target=self._pass_on, args=[self._process.stdout], daemon=True)
        self._output.start()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._born

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._process.terminate()

    def interrupt(self) -> None:
        """Kill the process (SIGKILL); pending calls then fail."""
        self._process.kill()

    async def ended(self, seconds: float) -> bool:
        """Wait for the end, at most `seconds`; returns whether it has ended."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_POLL)
        return True

    async def kill(self) -> None:
        """Kill the process, and wait for its end and the rest of its output."""
        self.interrupt()
        await asyncio.to_thread(self._collect)

    def _collect(self) -> None:
        self._process.wait()
        self._output.join(timeout=1)

    def _pass_on(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.last_line = text.strip() or self.last_line
                self._show(text)
