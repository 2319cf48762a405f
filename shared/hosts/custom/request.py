"""The HTTP request that Function Compute hands to a custom runtime, as the core's `Request`.

Source: Function Compute documentation, "Context and log format" of custom runtimes (the `x-fc-*` headers)
and "HTTP trigger overview" (a caller cannot send headers of such names). Query and headers come out as the
event of a built-in runtime would have them, so that the same request means the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.hosts.custom.asgi import Scope
from shared.http.request import Request

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_OWN = "x-fc-"
_NOT_PASSED_ON = ("connection", "keep-alive", "host")


def read_request(scope: Scope, deadline: Deadline) -> Request:
    """Return the request, its body still empty."""
    headers = _joined((name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"])
    source_ip = _source_ip(headers, scope)
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=_joined(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name: value for name, value in headers.items() if _passed_on(name)},
        body=b"",
        size=0,
        source_ip=source_ip,
        id=_request_id(headers),
        deadline=deadline,
        credentials=_credentials(headers),
    )


def _joined(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    # Joined at the end, so that many of one name cost no more than others.
    repeated: dict[str, list[str]] = {}
    for name, value in items:
        if name in joined:
            repeated.setdefault(name, [joined[name]]).append(value)
        else:
            joined[name] = value
    for name, values in repeated.items():
        joined[name] = ",".join(values)
    return joined


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _passed_on(name: str) -> bool:
    """Whether the core may see a header; it must not see those that hold the function's keys."""
    return name not in _NOT_PASSED_ON and not name.startswith(_OWN)


def _request_id(headers: dict[str, str]) -> str:
    """Return the invocation's id, "" for what could not be sent back in a header."""
    found = _REQUEST_ID.fullmatch(headers.get("x-fc-request-id", ""))
    return found[0] if found else ""


def _credentials(headers: dict[str, str]) -> Credentials | None:
    """Return the function's own, which Function Compute renews and sends with every request."""
    key_id, secret = headers.get("x-fc-access-key-id"), headers.get("x-fc-access-key-secret")
    if not key_id or not secret:
        return None
    return Credentials(key_id, secret, headers.get("x-fc-security-token") or None)


def _source_ip(headers: dict[str, str], scope: Scope) -> str:
    """Return the address that connected to Function Compute, and take it off X-Forwarded-For.

    The connection itself comes from Function Compute, whose proxy adds the last entry; those before it are
    the client's word, and all that the header holds on a built-in runtime.
    """
    before, _, last = headers.pop("x-forwarded-for", "").rpartition(",")
    if before:
        headers["x-forwarded-for"] = before
    client: tuple[str, int] | None = scope.get("client")
    return last.strip() or (client[0] if client else "")
