"""A request while it arrives: its head, then its body, of which at most the limit is kept."""

from __future__ import annotations

from shared.deadline import Deadline
from shared.hosts.custom.admission import Admission
from shared.http.request import Request

# A body must arrive at RATE bytes a second at least, checked every WINDOW seconds. Function Compute sends
# it over its own network, and even a phone with a poor connection is faster.
WINDOW = 4.0  # seconds
RATE = 1024  # bytes a second


class Incoming:
    """One request of a connection.

    The bytes of its body count when they arrive, until they are released. Above `limit` the body is dropped,
    and its bytes are only added up; `overflowed` says that the instance had no room for it.
    """

    __slots__ = (
        "_admission",
        "_held",
        "_limit",
        "_piece",
        "_pieces",
        "client",
        "complete",
        "headers",
        "keep_alive",
        "method",
        "over",
        "overflowed",
        "path",
        "query",
        "request",
        "size",
    )

    def __init__(
        self,
        admission: Admission,
        limit: int,
        method: str,
        path: str,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        client: str = "",
        *,
        keep_alive: bool = True,
    ) -> None:
        """`path` and `query` are percent-encoded; `client` is the IP address of the connection.

        `keep_alive` says whether another request may follow on the connection.
        """
        self._admission, self._limit = admission, limit
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.client, self.keep_alive = client, keep_alive
        self.request: Request | None = None  # once it is processed
        self.complete = False  # whether all of it has arrived
        self.over = False  # whether it is answered, or never will be
        self.overflowed = False
        self.size = 0  # bytes of the body that have arrived
        self._held = 0
        self._piece = b""  # the first part of the body, usually the only one
        self._pieces: bytearray | None = None

    def add(self, piece: bytes) -> None:
        """Add a part of the body."""
        if self.over or self.overflowed:
            return
        self.size += len(piece)
        if self.size > self._limit:
            self.drop()
        elif not self._admission.grow(len(piece), self._held + len(piece)):
            self.overflowed = True
            self.drop()
        else:
            self._held += len(piece)
            self._keep(piece)

    def expects_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1)."""
        return any(
            name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        )

    def take_body(self) -> bytes:
        """Return the body and drop the reference to it; its bytes still count."""
        body = self._piece if self._pieces is None else bytes(self._pieces)
        self._piece, self._pieces = b"", None
        return body

    def drop(self) -> None:
        """Drop the body, and release its bytes."""
        self._admission.shrink(self._held)
        self._held, self._piece, self._pieces = 0, b"", None

    def _keep(self, piece: bytes) -> None:
        if self._pieces is not None:
            self._pieces += piece
        elif self._piece:
            self._pieces = bytearray(self._piece)
            self._pieces += piece
            self._piece = b""
        else:
            self._piece = piece


class Pace:
    """Checks that a body arrives fast enough and before the deadline, each time `next_look` has passed.

    The decision does not read the clock again, because a timer may fire slightly early.
    """

    __slots__ = ("_deadline", "_last", "_seen")

    def __init__(self, size: int, deadline: Deadline) -> None:
        """`size` is the number of bytes that have arrived so far."""
        self._seen, self._deadline = size, deadline
        self._last = False

    def next_look(self) -> float:
        """Return the seconds until the next check."""
        left = max(self._deadline.remaining(), 0)
        self._last = left <= WINDOW
        return min(left, WINDOW)

    def too_slow(self, size: int) -> bool:
        """Check whether the body, `size` bytes so far, is too slow or too late."""
        slow = self._last or size - self._seen < WINDOW * RATE
        self._seen = size
        return slow
