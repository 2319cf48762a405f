"""The trigger's limits, checked before any code runs ("HTTP trigger overview, limits on HTTP requests")."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from local.fc.errors import Refused
from local.fc.function import Function

PATH_LIMIT = 4096  # bytes, the path with its whole query
HEADERS_LIMIT = 8192  # bytes, names and values of all request headers
BODY_LIMIT = 32 * 1024 * 1024  # bytes, synchronous invocation


def check(scope: Scope, function: Function) -> None:
    """Check what is known before the body arrives. Raises Refused."""
    path = len(scope["raw_path"]) + (len(scope["query_string"]) + 1 if scope["query_string"] else 0)
    if path > PATH_LIMIT:
        raise Refused.invalid(f"path and query have {path} bytes; at most {PATH_LIMIT} are allowed")
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    if headers > HEADERS_LIMIT:
        raise Refused.invalid(f"headers have {headers} bytes; at most {HEADERS_LIMIT} are allowed")
    if scope["method"] not in function.methods:
        raise Refused.method(scope["method"], function.methods)


async def read_body(receive: Receive) -> bytes | None:
    """Read the body; None if it exceeds the limit: it is still read to its end, but not kept.

    A client that is still sending would not read the refusal. Raises ClientDisconnect if it is gone.
    """
    body = bytearray()
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= BODY_LIMIT:
            body += chunk
        more = message.get("more_body", False)
    return bytes(body) if size <= BODY_LIMIT else None
