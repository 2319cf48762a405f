"""Converts a client's HTTP request to the request for a custom runtime's server.

Sources: "Web functions" (the request is passed through) and "Context and log format" of custom runtimes
(the common request headers), Function Compute 3.0.
"""

from __future__ import annotations

from local.fc import event
from local.fc.call import Call
from local.fc.event import passed_on
from local.fc.function import Credentials, Function

# Headers of the client's connection only (hop-by-hop).
_FRAMING = (b"transfer-encoding", b"content-length", b"expect", b"upgrade", b"te")
_FORWARDED = b"x-forwarded-for"
_CONTROL = b"x-fc-control-path"  # the kind of call: "HTTP handlers" of custom runtimes, 2.0


def request(call: Call, function: Function, credentials: Credentials | None) -> bytes:
    """Return a call as HTTP/1.1: path and query unchanged, the platform's headers added.

    The values of a repeated header are joined with commas. The client's address is appended to
    X-Forwarded-For, as proxies do; the addresses before it come from the client and cannot be trusted.
    """
    scope = call.scope
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers: dict[bytes, bytes] = {}
    for name, value in [*scope["headers"], (_FORWARDED, scope["client"][0].encode())]:
        if name not in _FRAMING and passed_on(name.decode("latin-1")):
            headers[name] = headers[name] + b"," + value if name in headers else value
    return _written(
        scope["method"].encode(),
        target,
        [*common(function, credentials, call.request_id), (_CONTROL, b"/http-invoke"), *headers.items()],
        call.body,
    )


def lifecycle(
    method: str, path: str, request_id: str, function: Function, credentials: Credentials | None
) -> bytes:
    """Return a lifecycle call of the platform: `POST /initialize` or `GET /pre-stop`."""
    headers = [*common(function, credentials, request_id), (_CONTROL, path.encode())]
    return _written(method.encode(), path.encode(), headers, b"")


def common(function: Function, credentials: Credentials | None, request_id: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that every request to an instance has."""
    named = {
        "host": event.domain(function),
        "x-fc-request-id": request_id,
        "x-fc-function-name": function.name,
        "x-fc-function-handler": function.handler,
        "x-fc-function-memory": str(function.memory),
        "x-fc-region": function.region,
        "x-fc-account-id": function.account_id,
    }
    if credentials:
        named["x-fc-access-key-id"] = credentials.access_key_id
        named["x-fc-access-key-secret"] = credentials.access_key_secret
        named["x-fc-security-token"] = credentials.security_token
    return [(name.encode(), value.encode()) for name, value in named.items()]


def _written(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    if body or method not in (b"GET", b"HEAD", b"OPTIONS"):
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    lines = [b"%s %s HTTP/1.1" % (method, target), *(b"%s: %s" % header for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
