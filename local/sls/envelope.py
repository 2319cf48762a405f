"""Common parts of all answers: the request id, the CORS headers, and preflight answers."""

from __future__ import annotations

import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def new_request_id() -> str:
    """Return an id in the service's form: 24 upper-case hexadecimal digits, the time first."""
    return f"{int(time.time()):08X}{secrets.token_hex(8).upper()}"


def envelope(app: ASGIApp) -> ASGIApp:
    """Wrap `app`: allow any origin (CORS), answer preflights, and give every answer a request id."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-log-requestid"] = new_request_id()
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = "x-log-requestid"
            await send(message)

        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await _preflight(scope, send_with_headers)
        else:
            await app(scope, receive, send_with_headers)

    return wrapped


async def _preflight(scope: Scope, send: Send) -> None:
    # A wildcard would not include Authorization, so the requested headers are listed.
    asked = Headers(scope=scope).get("access-control-request-headers", "")
    fields = {
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": "3600",
        "Content-Length": "0",
    }
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items() if value]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    await send({"type": "http.response.body", "body": b""})
