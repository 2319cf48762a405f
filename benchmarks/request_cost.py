"""What one request costs the function in CPU: `python -m benchmarks.request_cost`.

The handler answers FC events with the upstream's answer given at once, so that what is timed is the
function's own work: event, limits, body, signature, request. Beside it the floor: the event read by `json`,
the body by msgspec into text-only logs, nothing checked, signed or written. The rows take turns within one
run, and the smallest time of each counts, since nothing but noise adds to it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import msgspec

from functions.track import index
from shared.http_answer import Answer
from shared.upstream import Upstream

SETTINGS = {
    "SLS_PROJECT": "benchmark",
    "SLS_LOGSTORES": "benchmark-logs",
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "benchmark",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "benchmark",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "benchmark",
}
MAX_BODY, MAX_LOGS, PAIRS = 3 * 1024 * 1024, 4096, 12

Work = Callable[[], object]


class _TextOnly(msgspec.Struct):
    logs: list[dict[str, str]] = msgspec.field(name="__logs__")


def body_of(logs: int, size: int) -> str:
    """Return a body of `logs` logs with PAIRS pairs each, as near below `size` bytes as they divide it."""
    overhead = len(json.dumps({f"field{n:02}": "" for n in range(PAIRS)}, separators=(",", ":")))
    value = "v" * ((size // logs - overhead - 2) // PAIRS)
    log = {f"field{n:02}": value for n in range(PAIRS)}
    return json.dumps({"__logs__": [log] * logs}, separators=(",", ":"))


def event_of(method: str, body: str, query: dict[str, str]) -> bytes:
    """Return the HTTP trigger's event for a request to the track route."""
    path = "/logstores/benchmark-logs/track"
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}
    site = "https://shop.example.com"
    headers = {"User-Agent": "Mozilla/5.0", "Origin": site, "Referer": f"{site}/"}
    event = {
        "version": "v1",
        "rawPath": path,
        "body": body,
        "isBase64Encoded": False,
        "headers": headers,
        "queryParameters": query,
        "requestContext": {"http": http, "requestId": "1-benchmark"},
    }
    return json.dumps(event).encode()


def handle(event: bytes) -> object:
    """Answer one event, which has to be a 200."""
    answer: dict[str, Any] = index.handler(event, None)
    assert answer["statusCode"] == 200, answer  # noqa: S101 - a benchmark of refusals would be a fast one
    return answer


def floor(event: bytes) -> object:
    """Read an event and its body, and nothing else."""
    body: str = json.loads(event)["body"]
    return msgspec.json.decode(body.encode(), type=_TextOnly)


def least(works: dict[str, tuple[Work, int]], rounds: int) -> dict[str, float]:
    """Return each work's least CPU time over `rounds` turns, in seconds; a turn does it so many times."""
    found = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, (work, times) in works.items():
            began = time.process_time_ns()
            for _ in range(times):
                work()
            found[name] = min(found[name], (time.process_time_ns() - began) / times / 1e9)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    os.environ.update(SETTINGS)
    Upstream.exchange = lambda *_, **__: Answer(200, {}, b"")  # type: ignore[method-assign]
    large = event_of("POST", body_of(MAX_LOGS, MAX_BODY), {})
    small = event_of("POST", body_of(10, 1000), {})
    pairs = event_of("GET", "", {"APIVersion": "0.6.0", **{f"field{n:02}": "value" for n in range(PAIRS)}})
    works: dict[str, tuple[Work, int]] = {
        "POST 3 MB, 4,096 logs": (lambda: handle(large), 1),
        "its floor": (lambda: floor(large), 1),
        "POST 1.6 KB, 10 logs": (lambda: handle(small), 100),
        "GET, 12 pairs": (lambda: handle(pairs), 100),
    }
    times = least(works, rounds)
    for name, seconds in times.items():
        print(f"  {name:24}{1e6 * seconds:10,.0f} µs")
    print(f"  3 MB against its floor  {times['POST 3 MB, 4,096 logs'] / times['its floor']:10.2f} ×")
    print(f"  peak memory             {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:10.0f} MB")


if __name__ == "__main__":
    main()
