"""Security headers, so that a page that shows untrusted logs can do nothing else.

Also the check that a state-changing request comes from this site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeaders:
    """Adds a Content-Security-Policy that allows only the site itself and `connect_to`."""

    def __init__(self, app: ASGIApp, *, connect_to: Sequence[str]) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": _policy([_origin(url) for url in connect_to]),
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            # An <img> has no Origin, so the functions' allowlist checks the Referer.
            "referrer-policy": "strict-origin-when-cross-origin",
            "x-content-type-options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin sent the request.

    A browser sends the origin with every request but GET and HEAD; without one, it is not a page.
    """
    origin = headers.get("origin")
    return origin is not None and origin != f"http://{headers.get('host', '')}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _policy(elsewhere: Sequence[str]) -> str:
    others = "".join(f" {origin}" for origin in dict.fromkeys(elsewhere))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self'{others}",
            f"connect-src 'self'{others}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
