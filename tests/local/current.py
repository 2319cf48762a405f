"""One server for the stand-ins of many tests."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Current:
    """Passes requests to `app`, which a test's fixture sets to that test's own."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
