"""One request on its way to a stand-in, with a hold on its connection: what faults are made of."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Stage = Literal["head", "body", "handled"]
"""When a fault strikes: the head has come (the body is left unread), the body too, or the stand-in has
done the work and only the answer is lost."""

_POLL = 0.01  # seconds between looks at whether a hanging request is let go


class Exchange:
    """One request on its way to the stand-in, as a fault sees it."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope, self._receive, self._send = scope, receive, send
        self._body: list[Message] = []
        self._transport: asyncio.Transport = scope["state"]["transport"]

    async def reach(self, stage: Stage) -> list[Message]:
        """Take the request as far as `stage`; returns the stand-in's answer where it was asked for one."""
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
        """Wait until `over`, which is asked often; whether the client is still there then."""
        while not self._transport.is_closing():
            if over():
                return True
            await asyncio.sleep(_POLL)
        await self._gone()
        return False

    async def resume(self, answer: list[Message]) -> None:
        """Go on as if nothing had been: send the answer kept back, or have the stand-in make it."""
        for message in answer:
            await self._send(message)
        if not answer:
            await self._app(self._scope, self._replay(), self._send)

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answer in the stand-in's place, with JSON."""
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        await self._send({"type": "http.response.body", "body": body})

    async def write(self, data: bytes, *, interval: float = 0.0) -> None:
        """Write past HTTP, straight to the connection; with `interval` (seconds) a byte at a time."""
        step = 1 if interval else max(len(data), 1)
        for start in range(0, len(data), step):
            if self._transport.is_closing():
                return
            self._transport.write(data[start : start + step])
            await asyncio.sleep(interval)

    async def close(self) -> None:
        """Close the connection in good order (FIN), whatever is missing."""
        self._transport.close()
        await self._gone()

    async def reset(self) -> None:
        """Reset the connection: with a linger time of 0 the kernel sends RST and drops what is unsent."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._gone()

    async def _gone(self) -> None:
        # The server would answer 500 for an application that returns before the connection is lost.
        while (await self._receive())["type"] != "http.disconnect":
            pass
