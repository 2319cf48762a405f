"""The FC event as a `Request`, and the `Response` back to what FC wants returned.

Source: Function Compute documentation, "HTTP trigger invocations" (event and answer, version v1).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.http.request import Request
from shared.http.response import Response
from shared.http.surrogates import repair


class NotHttp(ValueError):
    """The event is not an HTTP trigger's."""


class _Http(msgspec.Struct):
    method: str
    path: str = ""
    source_ip: str = msgspec.field(name="sourceIp", default="")


class _Context(msgspec.Struct):
    http: _Http
    request_id: str = msgspec.field(name="requestId", default="")


class _Event(msgspec.Struct):
    context: _Context = msgspec.field(name="requestContext")
    path: str = msgspec.field(name="rawPath", default="")
    headers: dict[str, str] | None = None
    query: dict[str, str] | None = msgspec.field(name="queryParameters", default=None)
    body: str | None = None
    is_base64: bool = msgspec.field(name="isBase64Encoded", default=False)


_decode = msgspec.json.Decoder(_Event).decode


def read_event(
    event: bytes | str, *, request_id: str, deadline: Deadline, credentials: Credentials | None
) -> Request:
    """Return the request in an HTTP trigger's event.

    `request_id` is the invocation's; where the host gave none, the event's serves. Raises NotHttp for
    anything else, such as the payload of a timer.
    """
    parsed = _parse(event.encode("utf-8", "replace") if isinstance(event, str) else event)
    http = parsed.context.http
    return Request(
        method=http.method,
        path=parsed.path or http.path,
        query=parsed.query or {},
        headers={name.lower(): value for name, value in (parsed.headers or {}).items()},
        body=_body(parsed.body or "", parsed.is_base64),
        source_ip=http.source_ip,
        id=request_id or parsed.context.request_id,
        deadline=deadline,
        credentials=credentials,
    )


def _parse(event: bytes) -> _Event:
    try:
        try:
            return _decode(event)
        except msgspec.DecodeError:
            return _decode(repair(event))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotHttp(f"the event is not an HTTP trigger's ({type(error).__name__})") from None


def to_fc(response: Response) -> dict[str, Any]:
    """Return what the handler returns to FC: always all four keys, a body that is not text in base64."""
    try:
        body, is_base64 = response.body.decode(), False
    except UnicodeDecodeError:
        body, is_base64 = base64.b64encode(response.body).decode(), True
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "isBase64Encoded": is_base64,
        "body": body,
    }


def _body(text: str, is_base64: bool) -> bytes:
    if is_base64:
        try:
            return binascii.a2b_base64(text)
        except ValueError:
            return b""  # FC made the base64 itself; an empty body is refused where one is needed
    return text.encode()
