"""A web server in a thread: what every part of the laptop's cloud runs on."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_LIMIT = 256 * 1024  # bytes of request line and headers an application gets to see, and to refuse


class _OpenProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with two things more in ``scope["state"]``.

    `transport`: a stand-in needs it to fail the way a network fails: reset, garbage, a cut in mid-answer.
    `stopping`: an event by which an endless answer learns that the server stops.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.stopping = asyncio.Event()
        self.app_state = {**self.app_state, "transport": transport, "stopping": self.stopping}

    def shutdown(self) -> None:
        self.stopping.set()
        super().shutdown()


class Server:
    """Serves one ASGI application on loopback, inside a ``with`` block or from start() to stop()."""

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, tls: tuple[str, str] | None = None
    ) -> None:
        """Listen at once, so that `url` is known before the first request.

        `port` 0 picks a free one; `tls` is (certificate file, key file). Raises OSError if the port is taken.
        """
        self._socket = socket.create_server((host, port), backlog=512)
        # asyncio sets it only on sockets that name their protocol; without it an answer waits 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        options: dict[str, Any] = {"ssl_certfile": tls[0], "ssl_keyfile": tls[1]} if tls else {}
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_OpenProtocol,
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # else a client on loopback could say who it is
                date_header=True,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=HEAD_LIMIT,
                **options,
            )
        )
        self._thread = threading.Thread(target=self._run, name=f"server-{self.port}", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def start(self) -> Server:
        """Accept connections; the listening socket queues those that come while the loop starts."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close what is open and wait for the thread, at most a few seconds."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
