"""The connection to SLS or STS: kept alive, replaced when stale, and never past a deadline.

One `Upstream` serves one address, fixed at start. It keeps what connections are idle, so an instance that
serves one request at a time holds exactly one.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
from collections.abc import Sequence

from shared.address import parse_address
from shared.deadline import Deadline
from shared.http_answer import Answer, BadAnswer, read_answer

SEND = 256 * 1024  # bytes handed to the socket at a time
RECEIVE = 64 * 1024  # bytes asked of it at a time

_SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TARGET = re.compile(r"/[\x21-\x7e]*")


class UpstreamUnreachable(Exception):
    """No answer: refused, reset, timed out, failed at TLS, or not HTTP. The text says which."""


class _Unanswered(Exception):
    """The connection ended without an answer: on a kept one, because it had turned stale."""


class Upstream:
    """Exchanges requests and answers with one address."""

    def __init__(self, address: str) -> None:
        """Take `http(s)://host[:port]`; raises ValueError for anything else. Nothing is connected yet."""
        parsed = parse_address(address)
        if parsed is None:
            raise ValueError(f"not http(s)://host[:port]: {address!r}")
        tls, self._name, self._port, self.host = parsed
        self._tls = ssl.create_default_context() if tls else None
        self._idle: list[socket.socket] = []

    def exchange(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        deadline: Deadline,
    ) -> Answer:
        """Send one request and return its answer, whatever its status; redirects are not followed.

        `Host` and `Content-Length` are added. Raises UpstreamUnreachable, by the deadline at the latest
        (resolving a name is the resolver's to bound). A kept connection that the peer has closed
        meanwhile is replaced, and the request sent again, once.
        """
        head = self._head(method, target, headers, len(body))
        try:
            kept = self._take_idle()
            if kept is not None:
                try:
                    return self._exchange_on(kept, head, body, deadline)
                except _Unanswered:
                    self.close()  # what closed this one will have closed the others too
            return self._exchange_on(self._connect(deadline), head, body, deadline)
        except (OSError, BadAnswer, _Unanswered) as error:
            cause = error.__cause__ or error
            raise UpstreamUnreachable(f"{type(cause).__name__}: {cause}") from error

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._pop_idle()) is not None:
            connection.close()

    def _head(self, method: str, target: str, headers: Sequence[tuple[str, str]], length: int) -> bytes:
        if _TOKEN.fullmatch(method) is None or _TARGET.fullmatch(target) is None:
            raise ValueError("not a request line")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {length}"]
        for name, value in headers:
            if _TOKEN.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
                raise ValueError(f"not a header: {name!r}")
            lines.append(f"{name}: {value}")
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def _take_idle(self) -> socket.socket | None:
        """Return a kept connection on which nothing has arrived; something that has is its end."""
        while (connection := self._pop_idle()) is not None and _readable(connection):
            connection.close()
        return connection

    def _pop_idle(self) -> socket.socket | None:
        try:
            return self._idle.pop()
        except IndexError:  # and not asked before, since another thread may take the last one in between
            return None

    def _connect(self, deadline: Deadline) -> socket.socket:
        connection = self._connect_to_any(deadline)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection.settimeout(_left(deadline))
                connection = self._tls.wrap_socket(connection, server_hostname=self._name)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_to_any(self, deadline: Deadline) -> socket.socket:
        """Try each address of the name, none for longer than its share of the time."""
        addresses = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        failure: OSError = OSError("the name has no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            share = _left(deadline) / (len(addresses) - tried)
            try:
                return _connected(family, kind, protocol, address, share)
            except OSError as error:
                failure = error
        raise failure

    def _exchange_on(self, connection: socket.socket, head: bytes, body: bytes, deadline: Deadline) -> Answer:
        started = False

        def receive() -> bytes:
            nonlocal started
            connection.settimeout(_left(deadline))
            received = connection.recv(RECEIVE)
            started = started or bool(received)
            return received

        answer = None
        try:
            _send(connection, head, body, deadline)
            answer = read_answer(receive)
        except (ConnectionError, ssl.SSLEOFError, BadAnswer) as error:
            if started:
                raise
            raise _Unanswered from error
        finally:
            if answer is not None and answer.reusable:
                self._idle.append(connection)
            else:
                connection.close()
        return answer


def _connected(
    family: int, kind: int, protocol: int, address: _SocketAddress, seconds: float
) -> socket.socket:
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, head: bytes, body: bytes, deadline: Deadline) -> None:
    """Send in pieces, since a TLS socket applies its timeout to each and not to the whole."""
    # One segment for the usual small request; a large body is not copied.
    parts = (head + body,) if len(body) <= SEND else (head, body)
    for part in parts:
        view = memoryview(part)
        while view:
            connection.settimeout(_left(deadline))
            view = view[connection.send(view[:SEND]) :]


def _left(deadline: Deadline) -> float:
    left = deadline.remaining()
    if left <= 0:
        raise TimeoutError("out of time")
    return left


def _readable(connection: socket.socket) -> bool:
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(0))
