"""One request as it comes in: its head, then its body, of which no more is kept than is allowed."""

from __future__ import annotations

from shared.deadline import Deadline
from shared.hosts.custom.admission import Admission
from shared.http.request import Request

# A body has to bring RATE bytes a second, looked at every WINDOW seconds; so has its first byte to come.
# Function Compute sends what it has received, over its own network; a phone on a poor line sends faster too.
WINDOW = 4.0  # seconds
RATE = 1024  # bytes a second


class Incoming:
    """One request of a connection.

    The bytes of its body count as they arrive, whatever was announced, until they are given back. Past
    `limit` the body is dropped and only counted; `overflowed` says that there was no room for it.
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
        """Take its head, `path` and `query` still encoded; `client` is the address of the connection.

        `keep_alive` says whether the connection may carry another request behind it.
        """
        self._admission, self._limit = admission, limit
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.client, self.keep_alive = client, keep_alive
        self.request: Request | None = None  # once it is its turn
        self.complete = False  # whether all of it has come
        self.over = False  # whether it has its answer, or will get none
        self.overflowed = False
        self.size = 0  # bytes of the body that have come
        self._held = 0
        self._piece = b""  # the first, which nearly always is the only one
        self._pieces: bytearray | None = None

    def add(self, piece: bytes) -> None:
        """Take a part of the body."""
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
        """Whether the client sends the body once it is told to (RFC 9110, 10.1.1)."""
        return any(
            name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        )

    def take_body(self) -> bytes:
        """Return the body, to which nothing else refers then; its bytes still count."""
        body = self._piece if self._pieces is None else bytes(self._pieces)
        self._piece, self._pieces = b"", None
        return body

    def drop(self) -> None:
        """Let go of the body, and give its bytes back."""
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
    """Whether a body comes fast enough, and before the deadline: looked at each time `next_look` has passed.

    What counts is that the look is taken: a timer may fire before the clock says that its time has come.
    """

    __slots__ = ("_deadline", "_last", "_seen")

    def __init__(self, size: int, deadline: Deadline) -> None:
        """`size` is how many bytes have come already."""
        self._seen, self._deadline = size, deadline
        self._last = False

    def next_look(self) -> float:
        """Return the seconds until the next look."""
        left = max(self._deadline.remaining(), 0)
        self._last = left <= WINDOW
        return min(left, WINDOW)

    def too_slow(self, size: int) -> bool:
        """Look: whether the body, of which `size` bytes have come, is to be given up."""
        slow = self._last or size - self._seen < WINDOW * RATE
        self._seen = size
        return slow
