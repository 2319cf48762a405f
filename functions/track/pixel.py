"""The pixel's answers: always a 1×1 GIF, also for errors; otherwise an <img> would show a broken image."""

from __future__ import annotations

import binascii

from shared.http.errors import ApiError
from shared.http.response import Response

# A transparent GIF89a of one pixel: header, two-colour table, transparency, image, trailer.
GIF = binascii.a2b_base64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

_HEADERS = {
    "Content-Type": "image/gif",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "cross-origin",  # for pages under Cross-Origin-Embedder-Policy
}


def gif_response(status: int = 200) -> Response:
    """Return the GIF with the given status."""
    return Response(status, _HEADERS, GIF)


def gif_error(error: ApiError) -> Response:
    """Return the GIF with the error's status; the reason is in the header `x-log-errorcode`."""
    return gif_response(error.kind.status)
