"""A server that sends exactly the given bytes, to simulate every failure of an upstream."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-log-requestid: 5F0C\r\n\r\n"
HANG = b"<hang>"
RESET = b"<reset>"
CLOSE = b"<close>"


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole answer."""
    lines = (f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def sls_error(status: int, code: str) -> bytes:
    """Return an error in SLS's format."""
    body = f'{{"errorCode":"{code}","errorMessage":"SLS-SAYS-THIS"}}'
    return answer(status, body.encode(), "x-log-requestid: 5F0C")


class Received(NamedTuple):
    """A received request."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


class RawServer:
    """Answers the n-th request with the n-th script, later ones with the last; OK without scripts.

    A script is bytes to send, or HANG, RESET, CLOSE; with `then_close` the connection ends after each answer.
    """

    def __init__(self, *scripts: bytes, then_close: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self.scripts = scripts
        self.received: list[Received] = []
        self.answered = 0  # scripts that have been sent
        self.connections = 0
        self._then_close = then_close
        self._tls = tls
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> RawServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        for thread in self._threads:
            thread.join(5)

    def drop_connections(self) -> None:
        """Close all connections, as a server does after a long idle time."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            with connection, connection.makefile("rb") as stream:
                for request in _requests(stream, number):
                    self.received.append(request)
                    if not self._say(connection, self._script()) or self._then_close:
                        return

    def _script(self) -> bytes:
        if not self.scripts:
            return OK
        return self.scripts[min(len(self.received), len(self.scripts)) - 1]

    def _say(self, connection: socket.socket, script: bytes) -> bool:
        if script == HANG:
            self._stopping.wait(30)
        if script == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if script in (HANG, RESET, CLOSE):
            return False
        connection.sendall(script)
        self.answered += 1
        return True


def _requests(stream: BinaryIO, number: int) -> Iterator[Received]:
    while line := stream.readline().decode().strip():
        headers: dict[str, str] = {}
        while header := stream.readline().decode().strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        length = int(re.sub(r"\D", "", headers.get("content-length", "0")) or 0)
        body = bytearray()
        while len(body) < length and (more := stream.read(length - len(body))):
            body += more
        yield Received(line, headers, bytes(body), number)
