"""Routes HTTP requests to operations and returns their answers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.oss.access import OssAccess
from local.oss.answers import XML
from local.oss.bucket_settings import Settings
from local.oss.buckets import Buckets
from local.oss.call import Call, read_call
from local.oss.errors import OssError, new_request_id, request_id
from local.oss.listing import Listing
from local.oss.objects import Objects
from local.ram import Identity

LARGEST_DOCUMENT = 2 * 1024 * 1024  # bytes of a request in XML: the documentation of DeleteMultipleObjects

Operation = Callable[[Call, Identity], Response]

# Sub-resources that select an operation together with the method; others are not supported.
_PLAIN, _COPY = "", "x-oss-copy-source"
_PARAMETERS = frozenset(
    {"prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type", "fetch-owner"}
)


class Routes:
    """The ASGI application that performs operations; errors are answered in XML."""

    def __init__(
        self, buckets: Buckets, gate: OssAccess, objects: Objects, listing: Listing, settings: Settings
    ) -> None:
        self._buckets, self._gate = buckets, gate
        self._largest = max(objects.largest, LARGEST_DOCUMENT)
        self._on_objects: Mapping[tuple[str, str], Operation] = {
            ("PUT", _PLAIN): objects.put,
            ("PUT", _COPY): objects.copy,
            ("GET", _PLAIN): objects.get,
            ("HEAD", _PLAIN): objects.get,
            ("HEAD", "objectMeta"): objects.get,
            ("DELETE", _PLAIN): objects.delete,
        }
        self._on_buckets: Mapping[tuple[str, str], Operation] = {
            ("PUT", _PLAIN): settings.create,
            ("DELETE", _PLAIN): settings.remove,
            ("GET", "list-type"): listing.list_objects,
            ("POST", "delete"): objects.delete_many,
            ("GET", "bucketInfo"): settings.info,
            ("GET", "acl"): settings.get_acl,
            ("PUT", "acl"): settings.put_acl,
            ("GET", "lifecycle"): settings.get_lifecycle,
            ("PUT", "lifecycle"): settings.put_lifecycle,
            ("DELETE", "lifecycle"): settings.delete_lifecycle,
            ("GET", "publicAccessBlock"): settings.get_public_access_block,
            ("PUT", "publicAccessBlock"): settings.put_public_access_block,
            ("PUT", "encryption"): settings.put_encryption,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = self.answer(await _read(request, self._largest))
        except OssError as refusal:
            response = _refusal(refusal, request.method)
        except ClientDisconnect:
            response = Response(status_code=400)  # the client is gone
        await response(scope, receive, send)

    def answer(self, call: Call) -> Response:
        """Perform one call. Raises OssError."""
        identity = self._gate.identify(call)
        operation = self._operation(call)
        if operation != self._on_buckets["PUT", _PLAIN]:
            self._buckets.bucket(call.bucket)  # before authorization, which depends on its owner
        return operation(call, identity)

    def _operation(self, call: Call) -> Operation:
        table = self._on_objects if call.key else self._on_buckets
        named = (call.method, _sub_resource(call))
        if not call.bucket or named not in table:
            raise OssError("NotImplemented", f"not supported by the stand-in: {call.method} ?{named[1]}")
        return table[named]


def envelope(app: ASGIApp) -> ASGIApp:
    """Wrap `app` so that every answer has a request id, and an injected fault is labelled as XML."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        identifier = new_request_id()
        request_id.set(identifier)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-oss-request-id"] = identifier
                if headers.get("content-type") == "application/json" and message["status"] >= 400:
                    headers["content-type"] = XML  # an injected fault, whose body is XML
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped


def _sub_resource(call: Call) -> str:
    if call.method == "PUT" and _COPY in call.headers:
        return _COPY
    return next((name for name in call.query if name not in _PARAMETERS), _PLAIN)


async def _read(request: Request, cap: int) -> Call:
    raw_path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    target = (raw_path + (b"?" if query else b"") + query).decode("latin-1")
    headers = dict(request.headers)
    body = await _body(request, cap)
    call = read_call(request.method, target, headers, body)
    if call.method == "PUT" and call.key and not {"content-length", "transfer-encoding"} & headers.keys():
        raise OssError("MissingContentLength", "You must provide the Content-Length HTTP header.")
    if not call.key and len(body) > LARGEST_DOCUMENT:
        raise OssError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
    return call


async def _body(request: Request, cap: int) -> bytes:
    """Read to the end, so that the client reads a refusal; stop keeping data once it exceeds `cap`."""
    chunks, size = [], 0
    async for chunk in request.stream():
        if size <= cap:
            chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _refusal(refusal: OssError, method: str) -> Response:
    body = refusal.body()
    headers = {"x-oss-ec": refusal.ec} if refusal.ec else {}
    if method == "HEAD":  # has no body; alibabacloud-oss-v2 1.4.1, `_client.py`, reads this header instead
        headers["x-oss-err"] = base64.b64encode(body).decode()
    return Response(body, refusal.status, headers, media_type=XML)
