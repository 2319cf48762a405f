"""The CPU cost of a request: prints µs per request for each kind, a list with one value per round.

SLS answers at once and nothing is sent, so only the function's own work is timed: event, limits, body,
signature, request. For comparison the floor: the event parsed by `json`, the body by msgspec into text-only
logs, without checks, signature or log line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import msgspec

from benchmarks import bodies
from benchmarks.probes.loop import Context, answer_of, without_network
from functions.track.index import handler
from functions.track.service import build
from ops.ticket.issue import issue
from shared.access.tickets import to_base64url
from shared.hosts.builtin import read_event, to_fc
from shared.network.blocking import run

_KEY = bytes(32)
_LIMIT = "client 1000000/s burst 1000000, logstore 1000000/s burst 1000000"
SECONDS = 0.05  # minimum per row and round


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


def _set(**settings: str) -> Callable[[bytes], object]:
    """Return track's handler with additional settings."""
    service = build({**os.environ, **settings})
    return lambda event: to_fc(run(service.answer(read_event(event, Context, "1-benchmark"))))


def _ticket() -> str:
    return issue("a", _KEY, {"exp": int(time.time()) + 3600, "sub": "u-17"})


def main(rounds: int) -> None:
    """Measure each row once per round."""
    without_network()
    small, large, get = bodies.post(bodies.small()), bodies.post(bodies.large()), bodies.get()
    ticketed = bodies.post(bodies.small(), _ticket())
    rows: dict[str, tuple[Callable[[bytes], object], bytes]] = {
        "small": (lambda event: answer_of(handler, event), small),
        "small floor": (_floor, small),
        # The same code path with and without optional features.
        "plain": (_set(), small),
        "tickets": (_set(TICKETS="enforce", TICKET_KEYS=f"a:{to_base64url(_KEY)}"), ticketed),
        "limit": (_set(RATE_LIMIT=_LIMIT), small),
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
