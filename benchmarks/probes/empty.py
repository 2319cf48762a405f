"""The minimum cost of a request over HTTP: `python -m benchmarks.probes.empty PORT`.

An application that takes the body and answers 200 with nothing, on uvicorn with the custom runtime's parser
and event loop, with everything off that can be.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_END = {"type": "http.response.body"}


async def application(
    _: object, receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[object], Awaitable[None]]
) -> None:
    """Answer one request."""
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_END)


def main(port: int) -> None:
    """Serve until SIGTERM."""
    uvicorn.run(
        application,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
