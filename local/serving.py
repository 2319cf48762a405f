"""A web server in a thread, used by every part of the local cloud."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_LIMIT = 256 * 1024  # bytes of request line and headers that reach the application, which can refuse them


class _OpenProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with two additions in ``scope["state"]``.

    `transport`: lets a stand-in fail like a network: reset, garbage, a truncated answer.
    `stopping`: an event that tells an endless answer that the server stops.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.stopping = asyncio.Event()
        self.app_state = {**self.app_state, "transport": transport, "stopping": self.stopping}

    def shutdown(self) -> None:
        self.stopping.set()
        super().shutdown()


class Server:
    """Serves one ASGI application on loopback, in a ``with`` block or from start() to stop()."""

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, tls: tuple[str, str] | None = None
    ) -> None:
        """Listen immediately, so that `url` is known before the first request.

        `port` 0 picks a free one; `tls` is (certificate file, key file). Raises OSError if the port is taken.
        """
        self._socket = socket.create_server((host, port), backlog=512)
        # asyncio sets it only on sockets with an explicit protocol; without it an answer is delayed by 40 ms.
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
                proxy_headers=False,  # else a client on loopback could forge its address
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
        """Accept connections; the socket queues those that arrive while the event loop starts."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close all connections and wait for the thread, at most a few seconds."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
