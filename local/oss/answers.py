"""Builds answers: XML, the headers of an object, dates in the service's formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import quote

from starlette.responses import Response

from local.oss.buckets import StoredObject
from local.oss.call import Call, crc64
from local.oss.errors import OssError
from local.oss.markup import Element, document

XML = "application/xml"
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})")


def xml(root: Element) -> Response:
    """Answer 200 with a document."""
    return Response(document(root), media_type=XML)


def nothing(status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with an empty body."""
    return Response(status_code=status, headers=dict(headers or {}))


def content(stored: StoredObject, call: Call) -> Response:
    """Answer with an object or the requested range; for HEAD the server omits the body.

    Raises OssError: PreconditionFailed if If-Match does not match. A range that is not
    `bytes=first-last`, or not within the object, is ignored, as the documentation of GetObject says.
    """
    if call.headers.get("if-match", f'"{stored.etag}"').strip('"') != stored.etag:
        message = "At least one of the pre-conditions you specified did not hold."
        raise OssError("PreconditionFailed", message, Condition="If-Match")
    headers = {
        **stored.headers,
        "etag": f'"{stored.etag}"',
        "last-modified": formatdate(stored.modified, usegmt=True),
        "x-oss-hash-crc64ecma": crc64(stored.body),
        "x-oss-object-type": "Normal",
        "x-oss-storage-class": "Standard",
        **{f"x-oss-meta-{name}": value for name, value in stored.metadata.items()},
    }
    asked = _RANGE.fullmatch(call.headers.get("range", ""))
    if asked is None or not int(asked[1]) <= int(asked[2]) < len(stored.body):
        return Response(stored.body, headers=headers)
    first, last = int(asked[1]), int(asked[2])
    headers["content-range"] = f"bytes {first}-{last}/{len(stored.body)}"
    return Response(stored.body[first : last + 1], 206, headers)


def encoder(call: Call) -> Callable[[str], str]:
    """Return a function that writes a key for the answer: percent-encoded if the request asks for it.

    Raises OssError: InvalidArgument for an encoding other than `url`.
    """
    kind = call.query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise OssError("InvalidArgument", "Invalid Encoding Method specified in Request.")
    return (lambda text: quote(text, safe="")) if kind else str
