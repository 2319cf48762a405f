"""What a request costs the function in CPU: prints µs a request for each kind, a list with a value a round.

SLS's answer is there at once and nothing is sent, so that what is timed is the function's own work: event,
limits, body, signature, request. Beside it the floor: the event read by `json`, the body by msgspec into
text-only logs, nothing checked, signed or written.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import msgspec

from benchmarks import bodies
from benchmarks.probes.loop import answer_of, without_network
from functions.track.index import handler

SECONDS = 0.05  # that each row runs in a round, at least


class _TextOnly(msgspec.Struct):
    logs: list[dict[str, str]] = msgspec.field(name="__logs__")


def _floor(event: bytes) -> None:
    body: str = json.loads(event)["body"]
    msgspec.json.decode(body.encode(), type=_TextOnly)


def _timed(work: Callable[[bytes], object], event: bytes) -> float:
    times, began = 0, time.process_time()
    while (spent := time.process_time() - began) < SECONDS:
        work(event)
        times += 1
    return 1e6 * spent / times


def main(rounds: int) -> None:
    """Measure each row once a round."""
    without_network()
    small, large, get = bodies.post(bodies.small()), bodies.post(bodies.large()), bodies.get()
    rows: dict[str, tuple[Callable[[bytes], object], bytes]] = {
        "small": (lambda event: answer_of(handler, event), small),
        "small floor": (_floor, small),
        "large": (lambda event: answer_of(handler, event), large),
        "large floor": (_floor, large),
        "get": (lambda event: answer_of(handler, event), get),
    }
    for work, event in rows.values():
        work(event)
    found: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, (work, event) in rows.items():
            found[name].append(_timed(work, event))
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
