"""Converts a function's result to the HTTP response ("HTTP trigger", response struct, FC 3.0)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, NamedTuple

from local.fc.connections import HttpAnswer
from local.fc.errors import BadResponse

HEADERS_LIMIT = 8192  # bytes, names and values of all response headers
_FORBIDDEN = ("connection", "content-length", "date", "keep-alive", "server", "upgrade")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_USUAL = ("connection", "content-length", "date", "keep-alive", "server", "transfer-encoding")
WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """An HTTP response; `dropped` names the headers a function may not set, which FC leaves out."""

    status: int
    headers: dict[str, str]
    body: bytes
    dropped: tuple[str, ...] = ()


def parse(result: bytes) -> Answer:
    """Parse a serialized result. Raises BadResponse if it is not a response, or is too large.

    A result without `statusCode` becomes the body of a 200, as the documentation describes.
    """
    fields = _object(result)
    if fields is None or "statusCode" not in fields:
        return Answer(200, {"Content-Type": "application/json"}, result)
    status = _status(fields["statusCode"])
    headers = _headers(fields.get("headers") or {})
    body = _body(fields.get("body", ""), fields.get("isBase64Encoded", False))
    return _checked(status, headers, body)


def passed_on(answer: HttpAnswer) -> Answer:
    """Check the answer of a custom runtime's server. Raises BadResponse if it exceeds a limit.

    Hop-by-hop headers, which every HTTP server sends, are removed without a log line.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        if name not in _USUAL:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return _checked(_status(answer.status), headers, answer.body)


def _checked(status: int, headers: dict[str, str], body: bytes) -> Answer:
    dropped = tuple(name for name in headers if forbidden(name))
    kept = {name: value for name, value in headers.items() if name not in dropped}
    size = sum(len(name) + len(value.encode()) for name, value in kept.items())
    if size > HEADERS_LIMIT:
        raise BadResponse(f"response headers of {size} bytes; at most {HEADERS_LIMIT} are allowed")
    return Answer(status, kept, b"" if status in WITHOUT_BODY else body, dropped)


def forbidden(name: str) -> bool:
    """Whether FC reserves this response header ("HTTP trigger overview", limits on responses)."""
    return name.lower() in _FORBIDDEN or name.lower().startswith("x-fc-")


def with_open_cors(headers: dict[str, str], origin: str | None) -> dict[str, str]:
    """Add CORS headers that allow any origin, as FC may do when the function sets none."""
    if origin is None or any(name.lower() == "access-control-allow-origin" for name in headers):
        return headers
    return headers | {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


def _object(result: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(result)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _status(value: object) -> int:
    if type(value) is not int or not 200 <= value <= 599:
        raise BadResponse(f"statusCode is {value!r}; it must be an integer from 200 to 599")
    return value


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadResponse("headers must be an object")
    for name, text in value.items():
        if not isinstance(text, str):
            raise BadResponse(f"the value of the header {name} must be a string")
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(text):
            raise BadResponse(f"the header {name!r} is not valid in HTTP")
    return {name: text.strip(" \t") for name, text in value.items()}


def _body(value: object, is_base64: object) -> bytes:
    if not isinstance(value, str) or not isinstance(is_base64, bool):
        raise BadResponse("body must be a string, isBase64Encoded a boolean")
    if not is_base64:
        return value.encode("utf-8", "replace")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadResponse("isBase64Encoded is true, but body is not valid base64") from None
