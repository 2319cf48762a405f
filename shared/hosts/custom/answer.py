"""An answer on its way out: as ASGI messages, or as bytes where no application was asked."""

from __future__ import annotations

from http import HTTPStatus

from shared.hosts.custom.asgi import Send
from shared.http.response import Response

_Headers = list[tuple[bytes, bytes]]


async def send(response: Response, to: Send, *, close: bool = False) -> None:
    """Send it through the server, which closes the connection behind it where `close` is set."""
    await to({"type": "http.response.start", "status": response.status, "headers": _headers(response, close)})
    await to({"type": "http.response.body", "body": response.body})


def written(response: Response) -> bytes:
    """Return it as HTTP/1.1, the last on its connection."""
    lines = [b"HTTP/1.1 %d %s" % (response.status, HTTPStatus(response.status).phrase.encode())]
    lines += [name + b": " + value for name, value in _headers(response, close=True)]
    return b"\r\n".join([*lines, b"", response.body])


def _headers(response: Response, close: bool) -> _Headers:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers.items()
    ]
    headers.append((b"content-length", b"%d" % len(response.body)))
    if close:
        headers.append((b"connection", b"close"))
    return headers
