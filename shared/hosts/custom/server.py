"""The HTTP server: uvicorn listens, takes signals and ends in order; HttpProtocol does the rest."""

from __future__ import annotations

from typing import Any, cast

import uvicorn

from shared.hosts.custom.application import Application
from shared.hosts.custom.protocol import HttpProtocol

LAST_REQUESTS = 10  # seconds that requests in flight have once the process is told to stop


def serve(application: Application, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; then accept nothing more, and finish what is in flight."""
    uvicorn.Server(
        uvicorn.Config(
            cast(Any, application),  # no ASGI application: HttpProtocol calls it
            host=host,
            port=port,
            loop="uvloop",
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=LAST_REQUESTS,
        )
    ).run()
