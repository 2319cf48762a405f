"""SLS and STS with a given delay: `python -m benchmarks.probes.stand_in SECONDS` prints its address.

With a file of a key and a certificate as second argument, it serves over TLS.

It checks nothing (unlike the stand-ins in local/), so that its own work does not affect the figures. Writes
to SLS are confirmed, other calls get a credential; `GET /calls` returns the number of calls.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from typing import cast

import uvloop

_CREDENTIALS = {
    "AccessKeyId": "STS.benchmark",
    "AccessKeySecret": "benchmark",
    "SecurityToken": "t" * 800,
    "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600)),
}
_ISSUED = json.dumps({"RequestId": "benchmark", "Credentials": _CREDENTIALS}).encode()


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_CONFIRMED, _TOKEN = _answer(b""), _answer(_ISSUED)


class _Peer(asyncio.Protocol):
    calls = 0

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._pending = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._pending[:end]).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
            whole = end + 4 + int(length or 0)
            if len(self._pending) < whole:
                return
            del self._pending[:whole]
            self._take(head)

    def _take(self, head: bytes) -> None:
        if head.startswith(b"get /calls"):
            self._transport.write(_answer(str(_Peer.calls).encode()))
            return
        _Peer.calls += 1
        answer = _CONFIRMED if b" /logstores/" in head else _TOKEN
        asyncio.get_running_loop().call_later(self._delay, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def main() -> None:
    """Serve until ended."""
    delay = float(sys.argv[1])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if len(sys.argv) > 2 else None
    if tls is not None:
        tls.load_cert_chain(sys.argv[2])
    server = await asyncio.get_running_loop().create_server(lambda: _Peer(delay), "127.0.0.1", 0, ssl=tls)
    print(f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
