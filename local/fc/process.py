"""The host's end of an instance: a worker process, its socket and its output."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import uuid
from typing import IO

from local.fc import context, environment, frames
from local.fc.errors import FunctionFailed, Reported
from local.fc.frames import Frame, Kind
from local.fc.function import Function
from local.fc.logs import Log


class InstanceProcess:
    """One instance from cold start to its end. Not for two threads at once."""

    def __init__(self, function: Function, request_id: str, log: Log) -> None:
        """Start the process; initialize() comes next."""
        self._function = function
        self._request_id = request_id
        self._log = log
        self._credentials = function.credentials() if function.credentials else None
        self._born = time.monotonic()
        self.id = f"c-{uuid.uuid4().hex[:24]}"
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-u", "-m", "local.fc.instance", str(theirs.fileno())],
                cwd=function.code,
                env=environment.build(function, self.id, self._credentials),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C in the terminal is the host's to handle
            )
        self._output = threading.Thread(target=self._show, args=[self._process.stdout], daemon=True)
        self._output.start()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def worn_out(self) -> bool:
        """Whether its lifetime is over."""
        return time.monotonic() - self._born >= self._function.lifetime

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def invoke(self, event: bytes, request_id: str) -> bytes:
        """Return what the handler returned, serialized.

        Raises Reported for an escaped exception, FunctionFailed when time ran out or the process ended;
        after the latter two the instance is dead.
        """
        self._request_id = request_id
        payload = request_id.encode() + b"\n" + event
        answer = self._exchange(Kind.INVOKE, payload, self._function.timeout)
        if answer.kind is Kind.FAILURE:
            raise Reported(answer.payload)
        return answer.payload

    def initialize(self) -> None:
        """Import the function and run its initializer.

        Raises FunctionFailed when that fails (Reported, if there is a stack to show); the process ends then.
        """
        start = {
            "description": context.describe(self._function, self._credentials),
            "handler": self._function.handler,
            "initializer": self._function.initializer,
            "pre_stop": self._function.pre_stop,
            "request_id": self._request_id,
        }
        answer = self._exchange(Kind.START, json.dumps(start).encode(), self._function.initializer_timeout)
        if answer.kind is Kind.FAILURE:
            self.kill()
            raise Reported(answer.payload)

    def stop(self, patience: float = 3) -> None:
        """End the process: `pre_stop` gets `patience` seconds."""
        try:
            frames.send(self._channel, Kind.STOP, deadline=time.monotonic() + patience)
            self._process.wait(timeout=patience)
        except (OSError, subprocess.TimeoutExpired):
            pass  # too busy to listen, or gone already: kill() is right for both
        self.kill()

    def interrupt(self) -> None:
        """End the process at once, from any thread; the one that waits for an answer learns of it."""
        self._process.kill()

    def kill(self) -> None:
        """End the process at once and let go of what belongs to it."""
        self.interrupt()
        self._process.wait()
        self._channel.close()
        self._output.join(timeout=1)

    def _exchange(self, kind: Kind, payload: bytes, timeout: float) -> Frame:
        deadline = time.monotonic() + timeout
        try:
            frames.send(self._channel, kind, payload, deadline=deadline)
            answer = frames.receive(self._channel, deadline=deadline)
        except TimeoutError:
            self.kill()
            raise FunctionFailed(f"Function timed out after {timeout:g} seconds") from None
        except OSError:
            answer = None
        if answer is None:
            self.kill()
            raise FunctionFailed("Process exited unexpectedly before completing request")
        return answer

    def _show(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._log(
                    self._function.name, self._request_id, line.decode("utf-8", "replace").rstrip("\r\n")
                )
