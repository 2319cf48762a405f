"""The most expensive body of at most 3 MB a client can send: `python -m benchmarks.worst_body --search 60`.

Reads, tags and encodes each body of a corpus and then of a seeded search, in one process, and prints the CPU
time of the most expensive, compared with an ordinary body of 3 MB, and their memory.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
import tracemalloc
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks import hostile
from functions.track.body import read_batch
from functions.track.upload import encode
from shared.http.errors import ApiError

SENDER = {"client_ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "referer": "https://shop.example.com/"}
SECOND_LOOK = 3.0  # ratio above which a body is measured again before it counts


class Found(NamedTuple):
    """One body: its cost relative to the ordinary one, and its outcome."""

    ratio: float
    name: str
    outcome: str


def answer(body: bytes) -> str:
    """Read, tag and encode a body as track does; return the outcome."""
    try:
        sent = encode(read_batch(body), SENDER, 1_795_416_071)
    except ApiError as refusal:
        return refusal.message
    return f"{len(sent)} bytes"


def cpu(body: bytes, times: int) -> float:
    """Return the minimum CPU seconds of `times` answers."""
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        answer(body)
        best = min(best, time.process_time() - began)
    return best


def ratio(body: bytes, ordinary: bytes, times: int = 2) -> float:
    """Return a body's cost relative to the ordinary one, both measured alternately."""
    found = cpu(body, times) / cpu(ordinary, times)
    return found if found < SECOND_LOOK else cpu(body, 3 * times) / cpu(ordinary, 3 * times)


def memory(body: bytes) -> float:
    """Return the peak memory of an answer without the body itself, in MB (tracemalloc)."""
    tracemalloc.start()
    try:
        answer(body)
        return tracemalloc.get_traced_memory()[1] / 1024 / 1024
    finally:
        tracemalloc.stop()


def search(seconds: float, seed: int, every: int = 1) -> list[Found]:
    """Return the results of the corpus (one body in `every`) and the search, the most expensive first."""
    ordinary, chance, found = hostile.ordinary(), random.Random(seed), []
    cpu(ordinary, 5)
    for name, make in itertools.islice(hostile.corpus(), 0, None, every):
        body = make()
        found.append(Found(ratio(body, ordinary), name, answer(body)))
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        name, body = hostile.mutant(chance)
        found.append(Found(ratio(body, ordinary), name, answer(body)))
    return sorted(found, reverse=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the most expensive bodies."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worst_body", description=__doc__)
    parser.add_argument("--search", type=float, default=30, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--every", type=int, default=1, help="only one in so many bodies of the corpus")
    parser.add_argument("--memory", action="store_true", help="the peak memory of the corpus instead")
    parser.add_argument("--json", action="store_true", help="the most expensive only, as JSON")
    options = parser.parse_args(arguments)
    if options.json:
        dearest = search(options.search, options.seed, options.every)[0]
        print(json.dumps({"ratio": dearest.ratio, "name": dearest.name}))
        return
    if options.memory:
        sizes = sorted(((memory(make()), name) for name, make in hostile.corpus()), reverse=True)
        print("\n".join(f"{size:6.1f} MB  {name}" for size, name in sizes[:15]))
        return
    for one in search(options.search, options.seed, options.every)[:20]:
        print(f"{one.ratio:6.2f} ×  {one.name}: {one.outcome[:70]}")


if __name__ == "__main__":
    main()
