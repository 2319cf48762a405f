"""What the operations answer with: XML, the headers of an object, dates in the service's forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import quote

from starlette.responses import Response

from local.oss.buckets import StoredObject
from local.oss.call import Call, crc64
from local.oss.errors import OssError
from local.oss.markup import Element, document

XML = "application/xml"


def xml(root: Element) -> Response:
    """Answer 200 with a document."""
    return Response(document(root), media_type=XML)


def nothing(status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with an empty body."""
    return Response(status_code=status, headers=dict(headers or {}))


def whole(stored: StoredObject) -> Response:
    """Answer with an object; to HEAD the server leaves the body out."""
    headers = {
        **stored.headers,
        "etag": f'"{stored.etag}"',
        "last-modified": formatdate(stored.modified, usegmt=True),
        "x-oss-hash-crc64ecma": crc64(stored.body),
        "x-oss-object-type": "Normal",
        "x-oss-storage-class": "Standard",
        **{f"x-oss-meta-{name}": value for name, value in stored.metadata.items()},
    }
    return Response(stored.body, headers=headers)


def encoder(call: Call) -> Callable[[str], str]:
    """Return what writes a key for the answer: percent-encoded where the request asks for that.

    Raises OssError: InvalidArgument for another encoding than `url`.
    """
    kind = call.query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise OssError("InvalidArgument", "Invalid Encoding Method specified in Request.")
    return (lambda text: quote(text, safe="")) if kind else str
