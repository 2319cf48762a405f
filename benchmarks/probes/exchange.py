"""The minimum cost of an exchange with SLS.

`python -m benchmarks.probes.exchange ADDRESS BODY-FILE CONNECTIONS SECONDS`. A prepared request is written to
a keep-alive connection, and any received data counts as its answer. Prints a JSON object: the number of
exchanges, and their CPU seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float) -> None:
        self._request, self._until = request, until
        self.exchanges = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, _: bytes) -> None:
        self.exchanges += 1
        if time.perf_counter() < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set_result(None)


def _request(body: bytes) -> bytes:
    """Return a write of the same size as track's, with an invented signature and token."""
    head = ["POST /logstores/benchmark-logs/shards/lb HTTP/1.1", "Host: benchmark", "x-log-apiversion: 0.6.0"]
    head += [f"x-acs-security-token: {'t' * 800}", f"Authorization: {'a' * 200}"]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def main(address: str, body: bytes, connections: int, seconds: float) -> None:
    """Exchange requests and print the result."""
    to, loop, request = urlsplit(address), asyncio.get_running_loop(), _request(body)
    host, port = to.hostname or "", to.port or 0
    cpu, until = time.process_time(), time.perf_counter() + seconds
    made = [
        await loop.create_connection(lambda: _Connection(request, until), host, port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.ended for _, connection in made))
    spent = time.process_time() - cpu
    print(json.dumps({"exchanges": sum(connection.exchanges for _, connection in made), "cpu": spent}))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), float(sys.argv[4])))
