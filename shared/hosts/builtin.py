"""The host for built-in runtimes: one event, one answer, one request at a time.

Source: Function Compute documentation, "HTTP trigger invocations" (event and answer, version v1), "Context".
"""

# No `from __future__ import annotations`: a decoder would have to compile each annotation of its types.
import binascii
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shared.credentials import from_context
from shared.deadline import USUAL_TIMEOUT, WARM_UP, Deadline, deadline_of
from shared.http.errors import INTERNAL_SERVER_ERROR, NOT_FOUND, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Service, failure, unexpected
from shared.http.surrogates import repair
from shared.network.blocking import run
from shared.settings import SettingError


class NotHttp(ValueError):
    """The event does not come from an HTTP trigger."""


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


class Function:
    """A function: builds its service once from the environment, and answers events."""

    def __init__(self, build: Callable[[Mapping[str, str]], Service]) -> None:
        self._build = build
        self._service: Service | None = None
        self._starting = threading.Lock()

    def initialize(self, context: object) -> None:
        """Build the service and warm it up, once per instance.

        Raises SettingError for an invalid setting, so that the start fails and the log has the reason.
        """
        run(self._start().warm_up(from_context(context), Deadline(WARM_UP)))

    def handle(self, event: bytes | str, context: object) -> dict[str, Any]:
        """Answer one HTTP trigger event. Never raises: FC would show the caller the stack."""
        request_id = str(getattr(context, "request_id", "") or "")
        try:
            service = self._service or self._start()
            response = run(service.answer(read_event(event, context, request_id)))
        except NotHttp as error:
            response = failure(ApiError(NOT_FOUND, str(error)), request_id)
        except SettingError as error:
            fault = ApiError(INTERNAL_SERVER_ERROR, "the function is not set up", detail=str(error))
            response = failure(fault, request_id)
        except Exception as error:  # noqa: BLE001 - the last line before FC shows a caller the stack
            response = failure(unexpected(error), request_id)
        return to_fc(response)

    def _start(self) -> Service:
        """Return the service, built at the first call, because an initializer is optional."""
        with self._starting:
            if self._service is None:
                self._service = self._build(os.environ)
            return self._service


def read_event(event: bytes | str, context: object, request_id: str) -> Request:
    """Return the request in an HTTP trigger's event.

    `request_id` is that of the invocation; if it is empty, that of the event is used. Raises NotHttp for any
    other event, such as the payload of a timer.
    """
    raw = event.encode("utf-8", "replace") if isinstance(event, str) else event
    try:
        try:
            parsed = _decode(raw)
        except msgspec.DecodeError:
            parsed = _decode(repair(raw))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotHttp(f"the event is not an HTTP trigger's ({type(error).__name__})") from None
    http = parsed.context.http
    body = _from_base64(parsed.body or "") if parsed.is_base64 else (parsed.body or "").encode()
    return Request(
        method=http.method,
        path=parsed.path or http.path,
        query=parsed.query or {},
        headers={name.lower(): value for name, value in (parsed.headers or {}).items()},
        body=body,
        size=len(body),
        source_ip=http.source_ip,
        id=request_id or parsed.context.request_id,
        deadline=deadline_of(context, USUAL_TIMEOUT),
        credentials=from_context(context),
    )


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except ValueError:
        return b""  # FC encodes base64 itself; a route that needs a body refuses an empty one


def to_fc(response: Response) -> dict[str, Any]:
    """Return the handler's result for FC: always all four keys, a binary body in base64."""
    try:
        body, is_base64 = response.body.decode(), False
    except UnicodeDecodeError:
        body, is_base64 = binascii.b2a_base64(response.body, newline=False).decode(), True
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "isBase64Encoded": is_base64,
        "body": body,
    }
