"""The HTTP client for SLS, OSS and STS: it keeps connections alive, and observes deadlines.

One `HttpClient` serves one address, fixed at startup. It keeps idle connections for later requests, so an
instance that serves one request at a time has exactly one connection.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from shared.deadline import Deadline
from shared.network.address import parse_address
from shared.network.answers import TOKEN, Answer, BadAnswer, read_answer
from shared.network.blocking import BLOCKING
from shared.network.trust import Trust

if TYPE_CHECKING:
    from shared.network.interface import Connection, Network

ONE_SEGMENT = 256 * 1024  # bytes; a body up to this size is sent together with its head
MAX_AGE = 300.0  # seconds after which a connection is replaced, because the host's address may have changed
MAX_IDLE = 45.0  # seconds; a connection that was idle for longer may be dead, and is not used again
KEPT = 200  # maximum number of idle connections, the maximum of an instance's concurrent requests

_TEXT = b"\t" + bytes(range(0x20, 0x7F))  # bytes that are allowed in a line of a head


class Unreachable(Exception):
    """There was no answer: refused, reset, timed out, a TLS error, or not HTTP. The text says which.

    `in_doubt`: the whole request was sent, so the peer may have processed it. `stale`: the connection ended
    before the first byte of an answer, as it does if the peer had already closed it.
    """

    def __init__(self, reason: str, *, in_doubt: bool = False, stale: bool = False) -> None:
        super().__init__(reason)
        self.in_doubt = in_doubt
        self.stale = stale


class HttpClient:
    """Sends requests to one address and returns the answers, several at once if the network allows it."""

    def __init__(self, address: str, network: Network = BLOCKING) -> None:
        """`address` is `http(s)://host[:port]`. Raises ValueError for anything else. Opens no connection."""
        parsed = parse_address(address)
        if parsed is None:
            raise ValueError(f"not http(s)://host[:port]: {address!r}")
        self._name, self._port, self.host = parsed.name, parsed.port, parsed.host
        self._trust = Trust() if parsed.tls else None
        self._idle: list[tuple[Connection, float, float]] = []  # with when it was opened, and last used
        self.network = network

    async def exchange(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        deadline: Deadline,
        resend: bool = True,
    ) -> Answer:
        """Send one request and return its answer, whatever its status; redirects are not followed.

        `Host` and `Content-Length` are added. Raises Unreachable, at the deadline at the latest (only name
        resolution is limited by the resolver instead). If the peer has closed an idle connection, it is
        replaced and the request is sent once more; without `resend` only if the peer cannot have received the
        whole request. After a timeout all idle connections are closed: if the host's address has changed,
        they all lead to the old one.
        """
        head = self._head(method, target, headers, len(body))
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._exchange_on(*kept, head, body, deadline)
            except Unreachable as error:
                if not error.stale or (error.in_doubt and not resend):
                    raise
                self.close()  # the peer has probably closed the others too
        try:
            connection = await self._connect(deadline)
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        return await self._exchange_on(connection, time.monotonic(), head, body, deadline)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread may have taken the last one
                self._idle.pop()[0].close()

    def _head(self, method: str, target: str, headers: Sequence[tuple[str, str]], length: int) -> bytes:
        fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
        first = f"{method} {target} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {length}\r\n"
        head = f"{first}{fields}\r\n".encode("utf-8", "surrogatepass")
        if (
            not (_are_tokens((method, *[name for name, _ in headers])) and target.startswith("/"))
            # A byte that is no text would be left beside the ends of the lines.
            or head.translate(None, _TEXT) != (len(headers) + 4) * b"\r\n"
            or " " in target
            or "\t" in target
        ):
            raise ValueError("not the head of a request")  # not quoted: it may contain a token
        return head

    def _take_idle(self) -> tuple[Connection, float] | None:
        """Return an idle connection that seems usable, and when it was opened.

        If anything has arrived on an idle connection, it is its end.
        """
        now = time.monotonic()
        while self._idle:
            try:
                connection, opened, used = self._idle.pop()
            except IndexError:  # another thread has taken the last one
                return None
            if now - opened < MAX_AGE and now - used < MAX_IDLE and not connection.spoiled():
                return connection, opened
            connection.close()
        return None

    def _keep(self, connection: Connection, opened: float) -> None:
        """Keep a connection for the next request, and close connections that were idle for too long."""
        now = time.monotonic()
        self._idle.append((connection, opened, now))
        try:
            while now - self._idle[0][2] >= MAX_IDLE:  # the first one has been idle longest
                self._idle.pop(0)[0].close()
        except IndexError:  # another thread may have taken the last one
            return

    async def _connect(self, deadline: Deadline) -> Connection:
        try:
            return await self._connect_to_any(deadline)
        except ssl.SSLCertVerificationError as error:
            if self._trust is None or not self._trust.complete(error):
                raise
            return await self._connect_to_any(deadline)

    async def _connect_to_any(self, deadline: Deadline) -> Connection:
        """Try each address of the host, each for its share of the remaining time."""
        tls = self._trust.context if self._trust is not None else None
        addresses = await self.network.resolve(self._name, self._port)
        failure: OSError = OSError("the name has no address")
        for tried, address in enumerate(addresses):
            share = deadline.left() / (len(addresses) - tried)
            try:
                return await self.network.connect(address, share, tls, self._name, deadline)
            except ssl.SSLError:
                raise  # the peer cannot be trusted; another address would not change that
            except OSError as error:
                failure = error
        raise failure

    async def _exchange_on(
        self, connection: Connection, opened: float, head: bytes, body: bytes, deadline: Deadline
    ) -> Answer:
        answer, sent, first = None, False, b""
        try:
            # A small request is sent in one piece; a large body is not copied.
            for part in (head + body,) if len(body) <= ONE_SEGMENT else (head, body):
                await connection.send(part, deadline)
            sent = True
            first = await connection.receive(deadline)
            answer = await read_answer(first, partial(connection.receive, deadline))
        except (OSError, BadAnswer) as error:
            if isinstance(error, TimeoutError):
                self.close()
            ended = isinstance(error, (ConnectionError, ssl.SSLEOFError, BadAnswer)) and not first
            raise Unreachable(f"{type(error).__name__}: {error}", in_doubt=sent, stale=ended) from error
        finally:
            if answer is not None and answer.reusable and len(self._idle) < KEPT:
                self._keep(connection, opened)
            else:
                connection.close()
        return answer


@lru_cache(maxsize=32)  # there are only a few sets of names
def _are_tokens(names: tuple[str, ...]) -> bool:
    """Whether each is a token of RFC 9110, 5.6.2."""
    return all(names) and not "".join(names).encode("utf-8", "surrogatepass").translate(None, TOKEN)
