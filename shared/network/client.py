"""The connection to SLS, OSS or STS: kept alive, replaced when stale, and never past a deadline.

One `HttpClient` serves one address, fixed at start. It keeps what connections are idle, so an instance that
serves one request at a time holds exactly one.
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
from shared.network.answers import TOKEN, Answer, BadAnswer, Incoming, read_answer
from shared.network.blocking import BLOCKING
from shared.network.trust import Trust

if TYPE_CHECKING:
    from shared.network.interface import Connection, Network

ONE_SEGMENT = 256 * 1024  # bytes of body up to which it is joined to its head and sent in one go
MAX_AGE = 300.0  # seconds after which a connection is replaced: its name may have moved meanwhile
MAX_IDLE = 45.0  # seconds without a request after which it is not trusted to be there still
KEPT = 200  # idle connections at most, as many as an instance may have requests; those beyond are closed

_TEXT = b"\t" + bytes(range(0x20, 0x7F))  # what a line of a head may have in it


class Unreachable(Exception):
    """No answer: refused, reset, timed out, failed at TLS, or not HTTP. The text says which.

    `in_doubt` says whether the whole request was handed over before that, so that the peer may have acted on
    it; `stale` that the connection ended before a byte of the answer, as one does that the peer had closed.
    """

    def __init__(self, reason: str, *, in_doubt: bool = False, stale: bool = False) -> None:
        super().__init__(reason)
        self.in_doubt = in_doubt
        self.stale = stale


class HttpClient:
    """Exchanges requests and answers with one address, several at once where the network can."""

    def __init__(self, address: str, network: Network = BLOCKING) -> None:
        """Take `http(s)://host[:port]`; raises ValueError for anything else. Nothing is connected yet."""
        parsed = parse_address(address)
        if parsed is None:
            raise ValueError(f"not http(s)://host[:port]: {address!r}")
        self._name, self._port, self.host = parsed.name, parsed.port, parsed.host
        self._trust = Trust() if parsed.tls else None
        self._idle: list[tuple[Connection, float, float]] = []  # and when it was opened, and used last
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

        `Host` and `Content-Length` are added. Raises Unreachable, by the deadline at the latest (resolving a
        name is the resolver's to bound). A kept connection that the peer has closed meanwhile is replaced,
        and the request sent once more; without `resend` only if the peer cannot have got the first one whole.
        After a timeout no connection that is idle is used again: where the name has moved, they all lead to
        where nobody answers.
        """
        head = self._head(method, target, headers, len(body))
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._exchange_on(*kept, head, body, deadline)
            except Unreachable as error:
                if not error.stale or (error.in_doubt and not resend):
                    raise
                self.close()  # what closed this one will have closed the others too
        try:
            connection = await self._connect(deadline)
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        return await self._exchange_on(connection, time.monotonic(), head, body, deadline)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread may take the last one in between
                self._idle.pop()[0].close()

    def _head(self, method: str, target: str, headers: Sequence[tuple[str, str]], length: int) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers]
        head = "\r\n".join((*lines, "", "")).encode("utf-8", "surrogatepass")
        if (
            not (_are_tokens((method, *[name for name, _ in headers])) and target.startswith("/"))
            # A byte that is no text would be left beside the ends of the lines.
            or head.translate(None, _TEXT) != (len(lines) + 1) * b"\r\n"
            or " " in target
            or "\t" in target
        ):
            raise ValueError("not the head of a request")  # and not a word of it: it may hold a token
        return head

    def _take_idle(self) -> tuple[Connection, float] | None:
        """Return a kept connection that may be good, and when it was opened.

        On a good one nothing has arrived; something that has is its end.
        """
        now = time.monotonic()
        while self._idle:
            try:
                connection, opened, used = self._idle.pop()
            except IndexError:  # another thread has taken the last one in between
                return None
            if now - opened < MAX_AGE and now - used < MAX_IDLE and not connection.spoiled():
                return connection, opened
            connection.close()
        return None

    def _keep(self, connection: Connection, opened: float) -> None:
        """Keep a connection for the next request, and close those that have been idle for too long."""
        now = time.monotonic()
        self._idle.append((connection, opened, now))
        with contextlib.suppress(IndexError):  # another thread may have taken the last one
            while now - self._idle[0][2] >= MAX_IDLE:  # the first has waited longest
                self._idle.pop(0)[0].close()

    async def _connect(self, deadline: Deadline) -> Connection:
        try:
            return await self._connect_to_any(deadline)
        except ssl.SSLCertVerificationError as error:
            if self._trust is None or not self._trust.complete(error):
                raise
            return await self._connect_to_any(deadline)

    async def _connect_to_any(self, deadline: Deadline) -> Connection:
        """Try each address of the name, none for longer than its share of the time."""
        tls = self._trust.context if self._trust is not None else None
        addresses = await self.network.resolve(self._name, self._port)
        failure: OSError = OSError("the name has no address")
        for tried, address in enumerate(addresses):
            share = deadline.left() / (len(addresses) - tried)
            try:
                return await self.network.connect(address, share, tls, self._name, deadline)
            except ssl.SSLError:
                raise  # what answers there is not to be trusted, and no other address makes it so
            except OSError as error:
                failure = error
        raise failure

    async def _exchange_on(
        self, connection: Connection, opened: float, head: bytes, body: bytes, deadline: Deadline
    ) -> Answer:
        answer, sent = None, False
        incoming = Incoming(partial(connection.receive, deadline))
        try:
            # One segment for the usual small request; a large body is not copied.
            for part in (head + body,) if len(body) <= ONE_SEGMENT else (head, body):
                await connection.send(part, deadline)
            sent = True
            answer = await read_answer(incoming)
        except (OSError, BadAnswer) as error:
            if isinstance(error, TimeoutError):
                self.close()
            ended = isinstance(error, (ConnectionError, ssl.SSLEOFError, BadAnswer)) and not incoming.started
            raise Unreachable(f"{type(error).__name__}: {error}", in_doubt=sent, stale=ended) from error
        finally:
            if answer is not None and answer.reusable and len(self._idle) < KEPT:
                self._keep(connection, opened)
            else:
                connection.close()
        return answer


@lru_cache(maxsize=32)  # the few sets of names that there are
def _are_tokens(names: tuple[str, ...]) -> bool:
    """Whether each is a token of RFC 9110, 5.6.2."""
    return all(names) and not "".join(names).encode("utf-8", "surrogatepass").translate(None, TOKEN)
