"""The HTTP server: accepts connections until the process is told to stop, then ends in order."""

from __future__ import annotations

import asyncio
import signal

import uvloop

from shared.deadline import Deadline
from shared.hosts.custom.application import Application
from shared.hosts.custom.protocol import Connections, HttpProtocol

BACKLOG = 2048  # connections that the kernel accepts before this process does
LAST_REQUESTS = 10.0  # seconds that requests in flight have once the process is told to stop
_POLL = 0.02  # seconds between two looks at what is still in flight

# There is no server package here: uvicorn did only this much for HttpProtocol, and its import took a third of
# a cold start.


def serve(application: Application, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; then accept no more connections, and finish the requests in flight.

    A second signal ends the process at once. Raises OSError if the address cannot be used.
    """
    uvloop.run(_serve(application, host, port))


async def _serve(application: Application, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    connections = Connections()
    server = await loop.create_server(
        lambda: HttpProtocol(application, connections, loop), host, port, backlog=BACKLOG
    )
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(name)
    server.close()
    await _finish(connections, Deadline(LAST_REQUESTS))


async def _finish(connections: Connections, deadline: Deadline) -> None:
    """Wait until all requests are answered; cancel those that are not by the deadline."""
    for connection in tuple(connections.open):
        connection.shutdown()
    while connections.busy() and deadline.remaining() > 0:
        await asyncio.sleep(_POLL)
    for task in connections.tasks:
        task.cancel()
