"""Converts an HTTP request to the event of the built-in runtimes ("HTTP trigger", request struct, FC 3.0)."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.types import Scope

from local.fc.function import Function

# A caller cannot set these: "HTTP trigger overview, limits on HTTP requests".
_NOT_PASSED_ON = ("connection", "keep-alive", "host")
_TEXT_TYPES = (
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
)


def new_request_id(now: float) -> str:
    """Return an id of the form `1-65d71219-15d63510-fecf237c590c`; the second part is the time."""
    return f"1-{int(now):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


def build(scope: Scope, body: bytes, function: Function, *, request_id: str, now: float) -> bytes:
    """Return the event, JSON in UTF-8. `now` is the time of receipt, seconds since the epoch."""
    headers = joined((canonical(name.decode("latin-1")), decoded(value)) for name, value in scope["headers"])
    headers = {name: value for name, value in headers.items() if passed_on(name)}
    is_binary = binary(headers.get("Content-Type", ""), body)
    event = {
        "version": "v1",
        "rawPath": scope["raw_path"].decode("latin-1"),
        "body": base64.b64encode(body).decode() if is_binary else body.decode(),
        "isBase64Encoded": is_binary,
        "headers": headers,
        "queryParameters": joined(pairs(scope["query_string"])),
        "requestContext": _context(scope, headers.get("User-Agent", ""), function, request_id, now),
    }
    return json.dumps(event, ensure_ascii=False).encode()


def _context(
    scope: Scope, user_agent: str, function: Function, request_id: str, now: float
) -> dict[str, Any]:
    return {
        "accountId": function.account_id,
        "domainName": domain(function),
        "domainPrefix": function.trigger_id,
        "http": {
            "method": scope["method"],
            "path": unquote(scope["raw_path"].decode("latin-1"), errors="replace"),
            "protocol": f"HTTP/{scope['http_version']}",
            "sourceIp": scope["client"][0],
            "userAgent": user_agent,
        },
        "requestId": request_id,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "timeEpoch": str(int(now * 1000)),
        "triggerId": function.trigger_id,
    }


def domain(function: Function) -> str:
    """Return the trigger's domain name."""
    return f"{function.trigger_id}.{function.region}.fcapp.run"


def joined(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join the values of a repeated name with commas, in order of arrival."""
    values: dict[str, list[str]] = {}
    for name, value in items:
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def pairs(query: bytes) -> list[tuple[str, str]]:
    """Decode a query string; the event has only the decoded pairs."""
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")


def canonical(name: str) -> str:
    """Return a header's name in the spelling of events: `x-log-apiversion` is `X-Log-Apiversion`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def decoded(value: bytes) -> str:
    """Return a header's value; bytes that are not UTF-8 are lost in JSON."""
    return value.decode("utf-8", "replace")


def passed_on(name: str) -> bool:
    """Whether a header reaches the function.

    `Host` does not: the event has it as `requestContext.domainName`. The documentation does not promise the
    header, so code that needs it should fail here, not after the deployment.
    """
    return name.lower() not in _NOT_PASSED_ON and not name.lower().startswith("x-fc-")


def binary(content_type: str, body: bytes) -> bool:
    """Whether the event has the body as base64.

    The documentation says "if the content type is binary" without a list. Here: every type but text, JSON,
    XML, JavaScript and forms; and every body that is not UTF-8, as JSON cannot contain it. A body without a
    type counts as text.
    """
    kind = content_type.partition(";")[0].strip().lower()
    is_text = not kind or kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))
    return not is_text or not _is_utf8(body)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
