"""Clients that all send one body at the same moment, each on its own connection.

`python -m benchmarks.probes.crowd HOST:PORT PATH BODY-FILE CLIENTS [HEADER…]` prints a JSON object: the
number of answers by status, and the seconds until the last one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import uvloop

TIMEOUT = 30.0  # seconds for an answer


async def main(address: str, path: str, body: bytes, clients: int, headers: Sequence[str]) -> None:
    """Send all and print the result."""
    host, _, port = address.partition(":")
    lines = [f"POST {path} HTTP/1.1", f"Host: {address}", f"Content-Length: {len(body)}", *headers]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(clients)]
    began = time.perf_counter()
    statuses = await asyncio.gather(*(_ask(*stream, request) for stream in streams))
    print(json.dumps({"statuses": Counter(statuses), "seconds": time.perf_counter() - began}))


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> str:
    writer.write(request)
    try:
        line = await asyncio.wait_for(reader.readline(), TIMEOUT)
    except (OSError, asyncio.TimeoutError) as error:
        return type(error).__name__
    finally:
        writer.close()
    return line.decode().split(" ")[1] if line else "closed"


if __name__ == "__main__":
    _, to, target, body_file, count, *more = sys.argv
    uvloop.run(main(to, target, Path(body_file).read_bytes(), int(count), more))
