"""Calls a handler repeatedly, one event at a time, like the built-in runtime.

`python -m benchmarks.probes.loop MODULE EVENT-FILE SECONDS [TIMES]` ends after either, and prints a JSON
object: requests, errors, seconds, CPU seconds, and the 50th and 99th percentile of the latency in
milliseconds. The module is a function's index, or `main` for the guide's sample.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Handler = Callable[[bytes, object], dict[str, Any]]


class Context:
    """The part of the handler's context that is read."""

    request_id = "1-benchmark"


def answer_of(handler: Handler, event: bytes) -> dict[str, Any]:
    """Answer one event with 200, else exit: refusals would be too fast to compare."""
    answer = handler(event, Context)
    if answer["statusCode"] != 200:
        raise SystemExit(f"expected 200: {answer}")
    return answer


def without_network() -> None:
    """Replace the network: every write to SLS is confirmed at once."""
    log_as_deployed()
    from shared.network.answers import Answer
    from shared.network.client import HttpClient

    async def confirm(*_: object, **__: object) -> Answer:
        return Answer(200, {}, b"")

    HttpClient.exchange = confirm  # type: ignore[method-assign]


def log_as_deployed() -> None:
    """Give the root logger a handler at INFO, as Function Compute does: log lines have their real cost."""
    sink = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    logging.basicConfig(stream=sink, format="%(message)s", level=logging.INFO)


def percentile(values: list[float], part: float) -> float:
    """Return the percentile of sorted values; `part` is from 0 to 1."""
    return values[min(int(part * len(values)), len(values) - 1)]


def _work(module: str, event: bytes) -> Callable[[], object]:
    loaded = importlib.import_module(module)
    if module == "main":
        answer_one: Callable[[], object] = loaded.answer_one
        return answer_one
    return lambda: answer_of(loaded.handler, event)


def main(module: str, event: bytes, seconds: float, times: int) -> None:
    """Run the loop and print the result."""
    log_as_deployed()
    work = _work(module, event)
    taken: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < seconds and len(taken) < times:
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    report = {
        "requests": len(taken),
        "errors": 0,  # an error would have ended the loop
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
    }
    taken.sort()
    print(json.dumps({**report, "p50": percentile(taken, 0.5), "p99": percentile(taken, 0.99)}))


if __name__ == "__main__":
    limit = int(sys.argv[4]) if len(sys.argv) > 4 else sys.maxsize
    main(sys.argv[1], Path(sys.argv[2]).read_bytes(), float(sys.argv[3]), limit)
