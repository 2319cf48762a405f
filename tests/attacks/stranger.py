"""An attacker with a socket: sends any bytes, and reads the answers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.track.support import TRACK

PATIENCE = 20.0  # seconds to wait for an answer
ONE = b'{"__logs__":[{"a":"1"}]}'


class Answer(NamedTuple):
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class NoAnswer(Exception):
    """The connection ended, or no answer came in time."""


class Stranger:
    """One connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 0)
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self._stream = self.socket.makefile("rb")

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def answer(self) -> Answer:
        """Return the next answer. Raises NoAnswer."""
        try:
            return self._read()
        except (OSError, ValueError) as error:
            raise NoAnswer(repr(error)) from error

    def ended(self, seconds: float = PATIENCE) -> bool:
        """Whether the server closes the connection within so many seconds, without more data."""
        self.socket.settimeout(seconds)
        try:
            return self._stream.read(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def _read(self) -> Answer:
        line = self._stream.readline()
        if not line:
            raise ValueError("the connection ended")
        status = int(line.split(b" ")[1])
        headers: dict[str, str] = {}
        while header := self._stream.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self._stream.read(int(headers["content-length"])))


def post(body: bytes = ONE, *headers: str, path: str = TRACK, length: int | None = None) -> bytes:
    """Return a POST; `length` is a false Content-Length."""
    lines = [f"POST {path} HTTP/1.1", "Host: t", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join((*lines, *headers, "", "")).encode() + body


def get(path: str, *headers: str) -> bytes:
    """Return a GET."""
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: t", *headers, "", "")).encode()


def ask(url: str, request: bytes) -> Answer:
    """Return the answer to one request on a new connection."""
    with Stranger(url) as stranger:
        stranger.send(request)
        return stranger.answer()


@contextlib.contextmanager
def strangers(url: str, count: int) -> Iterator[list[Stranger]]:
    """Open several connections, and close them at the end."""
    with ExitStack() as leaving:
        yield [leaving.enter_context(Stranger(url)) for _ in range(count)]
