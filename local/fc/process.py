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

_POLL = 0.01  # seconds between looks at whether it still runs

Show = Callable[[str], None]


class InstanceProcess:
    """A running process of a function; its methods are quick, but for the awaited ones."""

    def __init__(
        self,
        function: Function,
        command: Sequence[str],
        show: Show,
        *,
        variables: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start `command`; `variables` come on top of the function's, `show` gets each line of output."""
        self.id = f"c-{uuid.uuid4().hex[:24]}"
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
            start_new_session=True,  # a Ctrl-C in the terminal is the host's to handle
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
        """End the process at once (SIGKILL); whoever waits for an answer learns of it."""
        self._process.kill()

    async def ended(self, seconds: float) -> bool:
        """Wait for the end; False where `seconds` were not enough."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_POLL)
        return True

    async def kill(self) -> None:
        """End the process at once, and wait until it and its last words are through."""
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
