"""The host's side of an instance of a built-in runtime: a worker process and its socket."""

from __future__ import annotations

import asyncio
import json
import socket

from local.fc import answer, context, environment, event, frames
from local.fc.answer import Answer
from local.fc.call import Call
from local.fc.errors import FunctionFailed, Reported
from local.fc.frames import Frame, Kind
from local.fc.function import ROOT, Function
from local.fc.logs import Log
from local.fc.process import InstanceProcess

_PRE_STOP_TIMEOUT = 3  # seconds
_LIMIT = 1 << 20  # bytes that asyncio reads ahead


class EventInstance:
    """One instance, from cold start to stop; serves one call at a time."""

    def __init__(self, function: Function, request_id: str, log: Log) -> None:
        """Start the process; call initialize() next."""
        self._function = function
        self._request_id = request_id
        self._log = log
        self._credentials = function.credentials() if function.credentials else None
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = InstanceProcess(
                function,
                [*function.python, "-u", "-m", "local.fc.instance", str(theirs.fileno())],
                self._show,
                variables={
                    "PYTHONPATH": str(ROOT),
                    **environment.of_credentials(function, self._credentials),
                },
                pass_fds=[theirs.fileno()],
            )
        self._spent = False
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.alive

    @property
    def must_be_replaced(self) -> bool:
        """Whether its lifetime is over, or one of its calls timed out."""
        return self._spent or self._process.age >= self._function.lifetime

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def initialize(self) -> None:
        """Import the function and run its initializer.

        On failure, ends the process and raises FunctionFailed (Reported, if there is a stack to show).
        """
        start = {
            "description": context.describe(self._function, self._credentials),
            "handler": self._function.handler,
            "initializer": self._function.initializer,
            "pre_stop": self._function.pre_stop,
            "request_id": self._request_id,
        }
        answered = await self._exchange(
            Kind.START, json.dumps(start).encode(), self._function.initializer_timeout
        )
        if answered.kind is Kind.FAILURE:
            await self.kill()
            raise Reported(answered.payload)

    async def invoke(self, call: Call) -> Answer:
        """Return the handler's answer.

        Raises Reported if the handler raised, BadResponse for an invalid result, or FunctionFailed after a
        timeout or the end of the process: the instance cannot be used again then.
        """
        made = event.build(call.scope, call.body, self._function, request_id=call.request_id, now=call.now)
        return answer.parse(await self.handle(made, call.request_id))

    async def handle(self, event: bytes, request_id: str) -> bytes:
        """Return the handler's serialized result for any kind of event. Raises as invoke() does."""
        self._request_id = request_id
        payload = request_id.encode() + b"\n" + event
        answered = await self._exchange(Kind.INVOKE, payload, self._function.timeout)
        if answered.kind is Kind.FAILURE:
            raise Reported(answered.payload)
        return answered.payload

    async def stop(self) -> None:
        """End the process; `pre_stop` has a few seconds."""
        if self._streams and self.alive:
            self._streams[1].write(frames.pack(Kind.STOP))
            await self._process.ended(_PRE_STOP_TIMEOUT)
        await self.kill()

    def interrupt(self) -> None:
        """Kill the process; the pending call raises FunctionFailed."""
        self._process.interrupt()

    async def kill(self) -> None:
        """Kill the process and release its resources."""
        await self._process.kill()
        if self._streams:
            self._streams[1].transport.abort()
        else:
            self._channel.close()

    async def _exchange(self, kind: Kind, payload: bytes, timeout: float) -> Frame:
        try:
            answered = await asyncio.wait_for(self._say(kind, payload), timeout)
        except asyncio.TimeoutError:
            await self.kill()
            raise FunctionFailed(f"Function timed out after {timeout:g} seconds") from None
        except asyncio.CancelledError:
            self._spent = True  # a late answer would be taken for that of the next call
            self.interrupt()
            raise
        if answered is None:
            await self.kill()
            raise FunctionFailed("Process exited unexpectedly before completing request")
        return answered

    async def _say(self, kind: Kind, payload: bytes) -> Frame | None:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(sock=self._channel, limit=_LIMIT)
        reader, writer = self._streams
        writer.write(frames.pack(kind, payload))
        return await frames.read(reader)

    def _show(self, line: str) -> None:
        self._log(self._function.name, self._request_id, line)
