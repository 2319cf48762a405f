"""A connection of the custom runtime, without a network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine

from shared.hosts.custom.admission import Admission
from shared.hosts.custom.application import Application
from shared.hosts.custom.protocol import Connections, HttpProtocol
from shared.http.allowlist import Allowlist
from shared.http.cors import OriginPolicy
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service

MAX_BODY = 1000
Respond = Callable[[Request], Awaitable[Response]]


class Wire(asyncio.Transport):
    """The client's end: what has been written, and whether anything is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        assert not self.closed
        self.reading = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("203.0.113.7", 1) if name == "peername" else default

    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", self.written)]


async def echo(request: Request) -> Response:
    return Response(200, {"x-ip": request.source_ip, "x-path": request.path}, request.body)


class Connection:
    """A connection that has been made, to a service of one route."""

    def __init__(self, respond: Respond = echo, *, requests: int = 64, held: int = 10_000) -> None:
        async def route(request: Request, _: re.Match[str]) -> Response:
            return await respond(request)

        service = Service(
            OriginPolicy(Allowlist(())), [Route(re.compile("/.*"), (), route)], max_body=MAX_BODY
        )
        self.admission = Admission(requests, held, 0)
        self.state, self.wire = Connections(), Wire()
        loop = asyncio.get_running_loop()
        self.protocol = HttpProtocol(Application(service, self.admission), self.state, loop)
        self.protocol.connection_made(self.wire)

    def send(self, data: bytes) -> None:
        self.protocol.data_received(data)

    async def answers(self, count: int) -> list[int]:
        """Return the statuses once there are so many, or it is clear that there will not be."""
        for _ in range(1000):
            if len(self.wire.statuses()) >= count:
                break
            await asyncio.sleep(0.001)
        return self.wire.statuses()


def post(body: bytes = b"", *headers: str, path: str = "/a", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = (f"POST {path} HTTP/1.1", "Host: t", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def run(work: Coroutine[object, object, None]) -> None:
    asyncio.run(work)
