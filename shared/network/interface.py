"""How a host waits for the network, for time to pass and for work: what the core awaits.

The core is written once, with `async def`. On a built-in runtime an instance has one request at a time, so
there every wait blocks (`blocking`); an event loop would only lengthen the cold start, since asyncio costs
more to import than the whole function. In the custom runtime many requests wait in a loop (`event_loop`).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from shared.deadline import Deadline

T = TypeVar("T")

SMALL = 64 * 1024  # bytes of a body that needs no turn: such a one is parsed within 2 ms

SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Resolved = tuple[int, int, int, SocketAddress]  # family, kind, protocol and address of a socket


class Connection(Protocol):
    """A connection over which one request at a time is sent, and its answer received."""

    async def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of it; raises OSError, TimeoutError at the deadline."""

    async def receive(self, deadline: Deadline) -> bytes:
        """Return what has come next, b"" at the end; raises OSError, TimeoutError at the deadline."""

    def spoiled(self) -> bool:
        """Whether anything, its end included, has arrived while it was idle."""

    def close(self) -> None:
        """Close it at once."""


class Signal(Protocol):
    """Tells those who wait, once, that something has happened."""

    def give(self) -> None:
        """Let all go on who wait, now or later."""

    async def wait(self, seconds: float) -> None:
        """Wait until it has been given, `seconds` at most."""


class Turn(Protocol):
    """One request's turn at a large body; see shared/network/turns.py. Entering raises TimeoutError."""

    async def __aenter__(self) -> Turn:
        """Wait until there is memory for it."""

    async def __aexit__(self, *_: object) -> None:
        """Give the memory back."""

    async def work(self, work: Callable[[], T]) -> T:
        """Return what `work`, which parses the body, returns. Raises TimeoutError."""

    def keep(self, size: int) -> None:
        """Say that no more than `size` bytes are held from now on."""


class Network(Protocol):
    """How a host waits."""

    overlaps: bool  # whether other requests go on while one waits

    async def resolve(self, name: str, port: int) -> Sequence[Resolved]:
        """Return the addresses of a host; raises OSError. The resolver bounds the time."""

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        """Connect within `seconds`, and have TLS by the deadline; raises OSError, TimeoutError."""

    async def pause(self, seconds: float) -> None:
        """Let time pass."""

    async def call(self, work: Callable[[], T]) -> T:
        """Return what `work`, which may block, returns."""

    def turn(self, size: int, deadline: Deadline) -> Turn:
        """Return the turn of a body that is, or may become, `size` bytes; to be entered before it is parsed.

        Where requests overlap, large bodies are parsed one after the other, and what comes of them is
        bounded: `async with network.turn(size, deadline) as turn`, then `await turn.work(parse)`, then
        `turn.keep(bytes still held)`, and leave it once those are sent.
        """

    def signal(self) -> Signal:
        """Return a signal that is not given yet."""
