"""A network without sockets: each connection answers from a script and records what is sent."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from shared.deadline import Deadline
from shared.network.blocking import BLOCKING
from shared.network.interface import Connection, Resolved, Signal, Turn

T = TypeVar("T")

CONFIRMED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-log-requestid: 5F0C\r\n\r\n"


class Sent(NamedTuple):
    """A request as it was sent."""

    line: str
    headers: dict[str, str]
    body: bytes


class ScriptedNetwork:
    """The n-th request is answered with the n-th script, later ones with the last.

    An empty script is a peer that sends nothing until the deadline.
    """

    overlaps = False

    def __init__(self, scripts: Sequence[bytes]) -> None:
        self._scripts = list(scripts) or [CONFIRMED]
        self.sent: list[bytes] = []

    async def resolve(self, name: str, port: int) -> Sequence[Resolved]:
        return [(2, 1, 6, (name, port))]

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        del to, seconds, tls, name, deadline
        return _ScriptedConnection(self)

    async def pause(self, seconds: float) -> None:
        """No time passes."""

    async def call(self, work: Callable[[], T]) -> T:
        return work()

    def turn(self, size: int, deadline: Deadline) -> Turn:
        return BLOCKING.turn(size, deadline)

    def signal(self) -> Signal:
        raise AssertionError("track needs none")

    def script(self) -> bytes:
        """Return the answer to the last request."""
        return self._scripts[min(len(self.sent), len(self._scripts)) - 1]

    def requests(self) -> list[Sent]:
        """Return the requests, each with exactly the body of its Content-Length."""
        return [_parsed(raw) for raw in self.sent]


class _ScriptedConnection:
    def __init__(self, network: ScriptedNetwork) -> None:
        self._network = network
        self._new = True  # whether the next bytes sent begin a request
        self._said = False

    async def send(self, data: bytes, deadline: Deadline) -> None:
        assert deadline.remaining() > 0
        if self._new:
            self._network.sent.append(b"")
        self._network.sent[-1] += data
        self._new, self._said = False, False

    async def receive(self, deadline: Deadline) -> bytes:
        del deadline
        self._new = True
        script = self._network.script()
        if not script:
            raise TimeoutError("out of time")
        said, self._said = self._said, True
        return b"" if said else script

    def spoiled(self) -> bool:
        return False

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _parsed(raw: bytes) -> Sent:
    head, separator, body = raw.partition(b"\r\n\r\n")
    assert separator
    line, *rest = head.decode("ascii").split("\r\n")
    headers: dict[str, Any] = {}
    for header in rest:
        name, colon, value = header.partition(": ")
        assert colon
        assert re.fullmatch(r"[A-Za-z0-9-]+", name)
        assert name.lower() not in headers
        headers[name.lower()] = value
    assert len(body) == int(headers["content-length"])
    return Sent(line, headers, body)
