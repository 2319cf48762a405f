"""The HTTP server under the application: uvicorn, with httptools and uvloop."""

from __future__ import annotations

import uvicorn

from shared.hosts.custom.application import Application
from shared.hosts.custom.protocol import HttpProtocol

# Function Compute keeps its connections to an instance, and asks that none be closed under it ("Principles"
# of custom runtimes: keep-alive, a timeout of 24 hours or more).
KEEP_ALIVE = 24 * 3600  # seconds
LAST_REQUESTS = 10  # seconds that requests in flight have once the process is told to stop


def serve(application: Application, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; then accept nothing more, and finish what is in flight."""
    uvicorn.Server(
        uvicorn.Config(
            application,
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
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LAST_REQUESTS,
        )
    ).run()
