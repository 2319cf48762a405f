"""The cost of compression: for each size and kind the bytes before and after, and the minimal CPU µs."""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections.abc import Callable

import lz4.block
import msgspec

from benchmarks import bodies

SIZES = {"1 KB": bodies.small(), "100 KB": bodies.body_of(200, 100 * 1024, 10), "3 MB": bodies.large()}
KINDS: dict[str, Callable[[bytes], bytes]] = {
    "deflate, level 1": lambda body: zlib.compress(body, 1),
    "lz4": lambda body: lz4.block.compress(body, store_size=False),
}


def forwarded(body: bytes) -> bytes:
    """Return a body as sent to SLS: with the time of receipt in each log, and the client's tags."""
    batch = msgspec.json.decode(body)
    logs = [{**log, "__time__": 1_790_000_000} for log in batch["__logs__"]]
    tags = {"client_ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "referer": f"{bodies.SITE}/"}
    return msgspec.json.encode({"__tags__": tags, "__logs__": logs})


def main(rounds: int) -> None:
    """Measure every kind and size once per round."""
    found = {}
    for size, plain in SIZES.items():
        body = forwarded(plain)
        times = max(1, 300_000 // len(body))
        for kind, compress in KINDS.items():
            least = min(_timed(compress, body, times) for _ in range(rounds))
            found[f"{size}|{kind}"] = (len(body), len(compress(body)), least)
    print(json.dumps(found))


def _timed(compress: Callable[[bytes], bytes], body: bytes, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        compress(body)
    return 1e6 * (time.process_time() - began) / times


if __name__ == "__main__":
    main(int(sys.argv[1]))
