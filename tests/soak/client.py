"""A client with one kept-alive connection, which waits only so long."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit


class NoAnswer(Exception):
    """The trigger closed the connection, or was silent for too long; neither is to happen."""


class Reply(NamedTuple):
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Asks one address, one request at a time."""

    def __init__(self, url: str, patience: float) -> None:
        """Wait `patience` seconds for an answer, and no longer."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._patience = patience
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the answer to one request. Raises NoAnswer."""
        try:
            return await asyncio.wait_for(self._ask(_request(method, target, headers, body)), self._patience)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error

    async def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send one request, and be gone before it is answered. Raises NoAnswer."""
        try:
            writer = (await self._open())[1]
            writer.write(_request(method, target, headers, body))
            await writer.drain()
        except OSError as error:
            raise NoAnswer(type(error).__name__) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    async def _ask(self, request: bytes) -> Reply:
        reader, writer = await self._open()
        writer.write(request)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(int(lines[0].split(" ")[1]), headers, body)


def _request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: soak", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body
