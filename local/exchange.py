"""One request to a stand-in, with control of its connection; faults are built from it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Stage = Literal["head", "body", "handled"]
"""When a fault applies: after the head (the body stays unread), after the body, or after the stand-in has
processed the request, so that only the answer is lost."""

_POLL = 0.01  # seconds between checks whether a hanging request may continue


class Exchange:
    """One request on its way to the stand-in, as a fault sees it."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope, self._receive, self._send = scope, receive, send
        self._body: list[Message] = []
        self._transport: asyncio.Transport = scope["state"]["transport"]

    async def reach(self, stage: Stage) -> list[Message]:
        """Process the request up to `stage`; returns the stand-in's answer if that stage includes it."""
        if stage == "head":
            return []
        while not self._body or self._body[-1].get("more_body"):
            self._body.append(await self._receive())
        return await self._handled() if stage == "handled" else []

    async def _handled(self) -> list[Message]:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(self._scope, self._replay(), keep)
        return answer

    def _replay(self) -> Receive:
        left = iter(self._body)

        async def receive() -> Message:
            return next(left, None) or await self._receive()

        return receive

    async def wait(self, over: Callable[[], bool]) -> bool:
        """Wait until `over()` is true; returns whether the client is still connected."""
        while not self._transport.is_closing():
            if over():
                return True
            await asyncio.sleep(_POLL)
        await self._gone()
        return False

    async def resume(self, answer: list[Message]) -> None:
        """Continue normally: send the delayed answer, or have the stand-in create it."""
        for message in answer:
            await self._send(message)
        if not answer:
            await self._app(self._scope, self._replay(), self._send)

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answer with JSON instead of the stand-in."""
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        await self._send({"type": "http.response.body", "body": body})

    async def write(self, data: bytes, *, interval: float = 0.0) -> None:
        """Write raw bytes to the connection; with `interval` (seconds) one byte at a time."""
        step = 1 if interval else max(len(data), 1)
        for start in range(0, len(data), step):
            if self._transport.is_closing():
                return
            self._transport.write(data[start : start + step])
            await asyncio.sleep(interval)

    async def close(self) -> None:
        """Close the connection regularly (FIN), even if the answer is incomplete."""
        self._transport.close()
        await self._gone()

    async def reset(self) -> None:
        """Reset the connection: with a linger time of 0 the kernel sends RST and discards unsent data."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._gone()

    async def _gone(self) -> None:
        # The server would answer 500 if the application returned before the connection is closed.
        while (await self._receive())["type"] != "http.disconnect":
            pass
