"""Headers that keep a page of logs, all of them untrusted, from doing anything but showing them.

And the check that a request which changes something comes from that page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeaders:
    """Adds to each answer a Content-Security-Policy in which only `connect_to` is outside the site."""

    def __init__(self, app: ASGIApp, *, connect_to: Sequence[str]) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": _policy([_origin(url) for url in connect_to]),
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            # An <img> has no Origin: the functions' allowlist then looks at the Referer.
            "referrer-policy": "strict-origin-when-cross-origin",
            "x-content-type-options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the headers put on the start of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin than the site's sent the request.

    A browser names the origin in each request that is not a GET or HEAD; what has none is no page.
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
