"""The interface through which the core waits: for the network, for time and for work.

The core is written once, with `async def`. On a built-in runtime an instance has one request at a time, so
there every wait blocks (`blocking`); an event loop would only slow the cold start, because importing asyncio
costs more than the whole function. In the custom runtime many requests wait in a loop (`event_loop`).

Modules import these protocols only for the type checker (`TYPE_CHECKING`): creating them takes longer than
importing most other modules.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from shared.deadline import Deadline

T = TypeVar("T")

SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Resolved = tuple[int, int, int, SocketAddress]  # family, kind, protocol and address of a socket


class Connection(Protocol):
    """A connection for one request and its answer at a time."""

    async def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all data. Raises OSError, TimeoutError at the deadline."""

    async def receive(self, deadline: Deadline) -> bytes:
        """Return the next received data, b"" at the end. Raises OSError, TimeoutError at the deadline."""

    def spoiled(self) -> bool:
        """Whether data or the end of the connection arrived while it was idle."""

    def close(self) -> None:
        """Close it immediately."""


class Signal(Protocol):
    """Tells all waiting tasks, once, that something has happened."""

    def give(self) -> None:
        """Release all waiting tasks, current and later ones."""

    async def wait(self, seconds: float) -> None:
        """Wait until it is given, at most `seconds`."""


class Turn(Protocol):
    """One request's turn at a large body; see shared/network/turns.py. Entering raises TimeoutError."""

    async def __aenter__(self) -> Turn:
        """Wait until there is memory for it."""

    async def __aexit__(self, *_: object) -> None:
        """Release the memory."""

    async def work(self, work: Callable[[], T]) -> T:
        """Run `work`, which parses the body, and return its result. Raises TimeoutError."""

    def keep(self, size: int) -> None:
        """Reduce the reserved memory to `size` bytes."""


class Network(Protocol):
    """The waiting operations of a host."""

    overlaps: bool  # whether other requests run while one waits

    async def resolve(self, name: str, port: int) -> Sequence[Resolved]:
        """Return the addresses of a host. Raises OSError. The resolver limits the time."""

    async def connect(
        self, to: Resolved, seconds: float, tls: ssl.SSLContext | None, name: str, deadline: Deadline
    ) -> Connection:
        """Connect within `seconds`, with TLS established by the deadline. Raises OSError, TimeoutError."""

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""

    async def call(self, work: Callable[[], T]) -> T:
        """Run `work`, which may block, and return its result."""

    def turn(self, size: int, deadline: Deadline) -> Turn:
        """Return the turn of a body of up to `size` bytes; enter it before parsing.

        If requests overlap, large bodies are parsed one after the other, and the memory of their results is
        limited: `async with network.turn(size, deadline) as turn`, then `await turn.work(parse)`, then
        `turn.keep(bytes still in use)`; leave the block when those are sent.
        """

    def signal(self) -> Signal:
        """Return a signal that is not given yet."""
