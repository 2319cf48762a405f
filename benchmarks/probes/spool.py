"""A full spool and SLS, with a given delay: prints its address.

`python -m benchmarks.probes.spool SECONDS BATCHES SHARED`: BATCHES batches, SHARED of them in each object. It
checks nothing (unlike the stand-ins in local/), so that its own work does not affect the figures. It supports
the calls of replay: listing by prefix, GET, PUT, DeleteMultipleObjects. Writes to SLS are confirmed and
counted: `GET /calls`.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import json
import re
import sys
import time
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

import uvloop

from benchmarks import bodies
from shared.spool.format import Spooled, object_name, pack

PREFIX = "webtracking-spool/"
_KEY = re.compile(rb"<Key>(.*?)</Key>")
_OK = "HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: %d\r\n\r\n"


class Objects:
    """The objects of the bucket."""

    def __init__(self, batches: int, shared: int) -> None:
        now = int(time.time())
        logs = json.loads(bodies.small())["__logs__"]
        self._objects: dict[str, bytes] = {}
        for first in range(0, batches, shared):
            # Equal sizes and only two contents, so that this program needs little memory.
            received = now - 3600 + first * 3000 // batches
            unique = hashlib.md5(str(first).encode(), usedforsecurity=False).hexdigest()
            body = json.dumps({"__logs__": [{**log, "__time__": received} for log in logs]}).encode()
            held = [Spooled("benchmark", "benchmark-logs", received, body)] * min(shared, batches - first)
            self._objects[object_name(PREFIX, received, unique)] = pack(held)
        self._names = sorted(self._objects)

    def get(self, name: str) -> bytes:
        """Return an object."""
        return self._objects[name]

    def put(self, name: str, content: bytes) -> None:
        """Replace an object."""
        self._objects[name] = content

    def delete(self, body: bytes) -> bytes:
        """Delete the objects listed in a document."""
        names = [name.decode() for name in _KEY.findall(body)]
        for name in names:
            self._objects.pop(name, None)
        gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        return f"<DeleteResult>{gone}</DeleteResult>".encode()

    def listing(self, query: dict[str, list[str]]) -> bytes:
        """Return one page of the listing."""
        prefix, most = query["prefix"][0], int(query["max-keys"][0])
        if "delimiter" in query:
            digits = sorted({name[len(prefix)] for name in self._objects})
            entries = [
                f"<CommonPrefixes><Prefix>{prefix}{digit}/</Prefix></CommonPrefixes>" for digit in digits
            ]
            return _page("".join(entries), None)
        at = bisect.bisect_right(self._names, query.get("continuation-token", [prefix])[0])
        found: list[str] = []
        while at < len(self._names) and self._names[at].startswith(prefix) and len(found) < most:
            if self._names[at] in self._objects:
                found.append(self._names[at])
            at += 1
        entries = [
            f"<Contents><Key>{name}</Key><ETag>x</ETag><Size>{len(self._objects[name])}</Size></Contents>"
            for name in found
        ]
        return _page("".join(entries), found[-1] if len(found) == most else None)


def _page(entries: str, token: str | None) -> bytes:
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    truncated = "true" if token else "false"
    return (
        f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{more}{entries}</ListBucketResult>".encode()
    )


class _Peer(asyncio.Protocol):
    calls = 0

    def __init__(self, delay: float, objects: Objects) -> None:
        self._delay, self._objects = delay, objects
        self._pending = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._pending[:end])
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
            whole = end + 4 + int(length or 0)
            if len(self._pending) < whole:
                return
            body = bytes(self._pending[end + 4 : whole])
            del self._pending[:whole]
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            content = self._answer(method, target, body)
            answer = (_OK % len(content)).encode() + content
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)

    def _answer(self, method: str, target: str, body: bytes) -> bytes:
        if target.startswith("/logstores/"):
            _Peer.calls += 1
            return b""
        if target == "/calls":
            return str(_Peer.calls).encode()
        parts = urlsplit(target)
        name = unquote(parts.path).partition("/")[2].partition("/")[2]
        if method == "POST":
            return self._objects.delete(body)
        if method == "PUT":
            self._objects.put(name, body)
            return b""
        return self._objects.get(name) if name else self._objects.listing(parse_qs(parts.query))


async def main() -> None:
    """Serve until ended."""
    delay, batches, shared = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    objects = Objects(batches, shared)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Peer(delay, objects), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
