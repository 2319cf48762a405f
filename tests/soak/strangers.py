"""Strangers among the clients: they send what nobody should, through the trigger and past it.

What they get is no matter of theirs, but it has to be an answer of the contract; and whatever they do, the
rest of the soak's invariants hold. Nothing of what they send may be stored: it is refused, or never whole.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from tests.soak.client import Client, NoAnswer, Reply
from tests.soak.plan import LOGSTORES, ORIGIN, Plan
from tests.soak.tally import Tally

PATIENCE = 20.0  # seconds for an answer
_LONGEST = 6.0  # seconds that one stays with a body that it does not finish
_TRACK = f"/logstores/{LOGSTORES[0]}/track"
# Nested deeper than is allowed; large enough to wait its turn, small enough to leave memory as it was.
_DEEP = gzip.compress(
    b'{"__logs__":[{"a":' + b"[" * 64 + b"{}," * 50_000 + b"{}" + b"]" * 64 + b"}]}", mtime=0
)
_WHOLE = b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"
_PIECES = {
    "stops in its body": f"POST {_TRACK} HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n{{".encode(),
    "stops in its head": _WHOLE[:-2],
    "repeats a header": _WHOLE[:-2] + b"a: b\r\n" * 5000 + b"\r\n",
    "says garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n",
    "closes its side": _WHOLE,
}
_ASKED = {
    "pre-stop": ("GET", "/pre-stop", {}, b"", 404),
    "initialize": ("POST", "/initialize", {}, b"", 404),
    "forged pre-stop": ("GET", "/pre-stop", {"x-fc-control-path": "/pre-stop"}, b"", 404),
    "nests too deep": ("POST", _TRACK, {"Content-Encoding": "gzip", "Origin": ORIGIN}, _DEEP, 400),
}


class Strangers:
    """Does one thing at a time that nobody should; what came of it goes into the tally."""

    def __init__(self, url: str, plan: Plan, tally: Tally, pids: Callable[[], Iterable[int]]) -> None:
        """`pids` returns track's processes: those that listen on a port are also asked past the trigger."""
        self._url, self._plan, self._tally, self._pids = url, plan, tally, pids

    async def one(self, number: int) -> None:
        """Do what is due at a client's request `number`."""
        chance = self._plan.chance("stranger", number)
        if chance.random() < 0.5:
            await self._ask(chance.choice([*_ASKED]))
        else:
            await self._misbehave(chance.choice([*_PIECES]), chance)

    async def _ask(self, kind: str) -> None:
        """Ask through the trigger, and see that it is refused as it should."""
        method, path, headers, body, status = _ASKED[kind]
        client = Client(self._url, PATIENCE)
        try:
            reply = await client.ask(method, path, headers, body)
        except NoAnswer as none:
            self._tally.violate("strangers", f"{kind}: no answer, {none}")
            return
        finally:
            client.close()
        self._tally.strangers[f"{kind}: {_came_to(reply)}"] += 1
        if "x-fc-error-type" not in reply.headers and not _lawful(reply, status):
            self._tally.violate("strangers", f"{kind}: {reply.status}")

    async def _misbehave(self, kind: str, chance: random.Random) -> None:
        """Send pieces, stay for a while, and go."""
        ports = sorted(port for pid in self._pids() if (port := _port(pid)) is not None)
        trigger = urlsplit(self._url)
        said = await _send(
            trigger.hostname or "",
            chance.choice(ports) if ports else trigger.port or 0,
            _PIECES[kind],
            chance.uniform(0.1, _LONGEST),
            ends=kind == "closes its side" and bool(ports),
        )
        self._tally.strangers[f"{kind}: {said[9:12].decode('latin-1') or 'nothing'}"] += 1
        if ports and said and b"access-control-allow-origin" not in said.lower():
            self._tally.violate("strangers", f"{kind}: an answer without the headers of every answer")


async def _send(host: str, port: int, data: bytes, seconds: float, *, ends: bool) -> bytes:
    """Return what comes within so many seconds; nothing, where the instance was killed meanwhile."""
    writer = None
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(data)
        if ends:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(65536), seconds)
    except (OSError, asyncio.TimeoutError):
        return b""
    finally:
        if writer is not None:
            writer.close()


def _lawful(reply: Reply, status: int) -> bool:
    return reply.status in (status, 503) and "access-control-allow-origin" in reply.headers


def _came_to(reply: Reply) -> str:
    return f"{reply.status}{', FC' if 'x-fc-error-type' in reply.headers else ''}"


def _port(pid: int) -> int | None:
    """Return the port that a process was told to listen on; None where it was not."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return int(words[words.index(b"--port") + 1])
    except (OSError, ValueError, IndexError):
        return None
