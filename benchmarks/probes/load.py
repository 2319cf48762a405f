"""Clients that send one request after another, each on its own keep-alive connection.

`python -m benchmarks.probes.load HOST:PORT PATH BODY-FILE CLIENTS SECONDS [PAUSE]` prints a JSON object:
requests, errors, seconds, and the 50th and 99th percentile of the latency in milliseconds. A client
sends again as soon as it is answered, or PAUSE seconds later.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.bodies import SITE
from benchmarks.probes.loop import percentile

_OK = b"HTTP/1.1 200"


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, pause: float) -> None:
        self.taken: list[float] = []
        self.errors = 0
        self.ended = asyncio.get_running_loop().create_future()
        self._request, self._until, self._pause = request, until, pause
        self._pending = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._pending += data
        end = self._pending.find(b"\r\n\r\n")
        if end < 0 or len(self._pending) < end + 4 + _length(self._pending[:end]):
            return
        self.taken.append(1000 * (time.perf_counter() - self._sent))
        self.errors += not self._pending.startswith(_OK)
        self._pending.clear()
        if time.perf_counter() + self._pause >= self._until:
            self._transport.close()
        elif self._pause:
            asyncio.get_running_loop().call_later(self._pause, self._send)
        else:
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        if time.perf_counter() + self._pause < self._until:
            self.errors += 1  # the server should not close a connection in use
        self.ended.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


def _length(head: bytearray) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


def _request(address: str, path: str, body: bytes) -> bytes:
    head = [f"POST {path} HTTP/1.1", f"Host: {address}", f"Origin: {SITE}", "User-Agent: Mozilla/5.0"]
    # Headers that Function Compute adds, with the credentials.
    head += ["x-fc-request-id: 1-benchmark", "x-fc-access-key-id: benchmark"]
    head += ["x-fc-access-key-secret: benchmark", f"x-fc-security-token: {'t' * 800}"]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def main(address: str, path: str, body: bytes, clients: int, seconds: float, pause: float) -> None:
    """Send requests and print the result."""
    host, _, port = address.partition(":")
    loop, request = asyncio.get_running_loop(), _request(address, path, body)
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Client(request, began + seconds, pause), host, int(port))
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.ended for _, client in made))
    spent = time.perf_counter() - began
    taken = sorted(moment for _, client in made for moment in client.taken)
    report = {"requests": len(taken), "errors": sum(client.errors for _, client in made), "seconds": spent}
    print(json.dumps({**report, "p50": percentile(taken, 0.5), "p99": percentile(taken, 0.99)}))


if __name__ == "__main__":
    _, to, target, body_file, count, duration, *between = sys.argv
    wait = float(between[0]) if between else 0.0
    uvloop.run(main(to, target, Path(body_file).read_bytes(), int(count), float(duration), wait))
