"""The host's side of an instance of a custom runtime: an HTTP server that a command starts."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from local.fc import answer, forward, tether
from local.fc.answer import Answer
from local.fc.call import Call
from local.fc.connections import Broken, Connections, Garbled, HttpAnswer
from local.fc.errors import BadResponse, FunctionFailed
from local.fc.function import Function
from local.fc.logs import Log
from local.fc.process import InstanceProcess, instance_name
from local.ports import ReservedPort

_POLL = 0.01  # seconds between checks whether it listens
_PATIENCE = 3  # seconds for `GET /pre-stop`, and again between SIGTERM and SIGKILL
_DYING = 2.0  # seconds at most between the end of a process's connections and its exit
_SHOWN = 1024  # characters of an initializer's answer


class HttpInstance:
    """One instance, from cold start to stop; serves many calls at once."""

    def __init__(self, function: Function, request_id: str, log: Log) -> None:
        """Start the process; call initialize() next."""
        self._function = function
        self._request_id = request_id
        self._log = log
        self._credentials = function.credentials() if function.credentials else None
        self._name = instance_name()  # a line may be shown before the process is assigned
        self._reserved = ReservedPort()
        self._port = self._reserved.number
        self._connections = Connections(self._port)
        self._ready = False
        self._spent = False
        command = [part.replace("{port}", str(self._port)) for part in function.command]
        command = [part.replace("{python}", sys.executable) for part in command]
        tie = [sys.executable, "-IS", str(Path(tether.__file__)), str(os.getpid())]
        self._process = InstanceProcess(
            function,
            [*tie, *command],
            self._show,
            variables={"FC_SERVER_PORT": str(self._port)},
            name=self._name,
        )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.alive

    @property
    def must_be_replaced(self) -> bool:
        """Whether it should get no more calls: its lifetime is over, or one of its calls timed out."""
        return self._spent or self._process.age >= self._function.lifetime

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def initialize(self) -> None:
        """Wait until the server listens, then call its initializer, if any.

        On failure, ends the process and raises FunctionFailed with the function's message.
        """
        deadline = time.monotonic() + self._function.initializer_timeout
        try:
            await self._listening(deadline)
            if self._function.initializer:
                await self._initializer(deadline - time.monotonic())
        except FunctionFailed:
            await self.kill()
            raise
        self._ready = True

    async def invoke(self, call: Call) -> Answer:
        """Return the server's answer.

        Raises BadResponse for an invalid answer, FunctionFailed after a timeout or the end of the process.
        """
        request = forward.request(call, self._function, self._credentials)
        try:
            return answer.passed_on(await self._ask(request, self._function.timeout))
        except asyncio.TimeoutError:
            # Other calls may still run here: it gets no new ones, and stops after they are answered.
            self._spent = True
            raise FunctionFailed(f"Function timed out after {self._function.timeout:g} seconds") from None

    async def stop(self) -> None:
        """Stop the process gracefully: `GET /pre-stop` if configured, then SIGTERM; a few seconds each."""
        if self._ready and self.alive:
            if self._function.pre_stop:
                await self._pre_stop()
            self._connections.close()
            self._process.terminate()
            await self._process.ended(_PATIENCE)
        await self.kill()

    def interrupt(self) -> None:
        """Kill the process; pending calls raise FunctionFailed."""
        self._process.interrupt()

    async def kill(self) -> None:
        """Kill the process and release its resources."""
        self._connections.close()
        await self._process.kill()
        self._reserved.release()

    async def _listening(self, deadline: float) -> None:
        while not await _accepts(self._port):
            if not self.alive:
                await self.kill()  # after this its last line has been read
                said = self._process.last_line
                raise FunctionFailed(f"Process exited before it listened on port {self._port}: {said}")
            if time.monotonic() >= deadline:
                timeout = self._function.initializer_timeout
                raise FunctionFailed(f"nothing listens on port {self._port} after {timeout:g} seconds")
            await asyncio.sleep(_POLL)

    async def _initializer(self, timeout: float) -> None:
        try:
            answered = await self._lifecycle("POST", "/initialize", timeout)
        except asyncio.TimeoutError:
            limit = self._function.initializer_timeout
            raise FunctionFailed(f"Function timed out after {limit:g} seconds") from None
        if answered.status != 200:
            said = answered.body.decode("utf-8", "replace")[:_SHOWN]
            raise FunctionFailed(f"the initializer answered {answered.status}: {said}")

    async def _pre_stop(self) -> None:
        try:
            answered = await self._lifecycle("GET", "/pre-stop", _PATIENCE)
        except (FunctionFailed, asyncio.TimeoutError) as error:
            self._show(f"pre-stop failed: {str(error) or 'no answer in time'}")
        else:
            if answered.status != 200:
                self._show(f"pre-stop answered {answered.status}")

    async def _lifecycle(self, method: str, path: str, timeout: float) -> HttpAnswer:
        request = forward.lifecycle(method, path, self._request_id, self._function, self._credentials)
        return await self._ask(request, timeout)

    async def _ask(self, request: bytes, timeout: float) -> HttpAnswer:
        try:
            return await asyncio.wait_for(self._connections.exchange(request), timeout)
        except Garbled as error:
            raise BadResponse(f"the function's answer is not HTTP: {error}") from None
        except Broken as error:
            if await self._process.ended(_DYING):
                message = "Process exited unexpectedly before completing request"
                raise FunctionFailed(message) from None
            raise BadResponse(f"the function's server did not answer: {error}") from None

    def _show(self, line: str) -> None:
        self._log(self._function.name, self._name, line)


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True
