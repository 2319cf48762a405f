"""Serializes a response as HTTP/1.1."""

from __future__ import annotations

import re
from http import HTTPStatus

from shared.http.response import Response

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}
_CONTROL = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")


def written(response: Response, *, close: bool = False, with_body: bool = True) -> bytes:
    """Return the bytes of an answer.

    With `close` it is the last on its connection; without `with_body`, for HEAD, it has no body. Raises
    ValueError for a header with a control character.
    """
    body = response.body
    lines = [_STATUS_LINES[response.status]]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines.append(f"content-length: {len(body)}")
    if close:
        lines.append("connection: close")
    text = "".join(lines)
    if not text.isprintable() and _CONTROL.search(text):
        raise ValueError("a header of the answer has a control character")
    lines += ("", "")
    head = "\r\n".join(lines).encode("latin-1", "replace")
    return head + body if with_body else head
