"""How long the spool takes to empty after an outage: `python -m benchmarks.outage` writes docs/outage.md.

The model. An outage of `seconds` at `rate` uploads a second leaves `seconds` × `rate` batches. A part of the
spool is emptied by one instance of replay, `DUTY` of the time: s.replay.yaml's runs last 49 s of each
minute. An instance writes as fast as its share of a core lets it, with the CPU time a batch that was measured
(`python -m benchmarks replay`), and no faster than its writes at once and SLS's distance let it. Up to
`GROUPING` uploads a second batches are taken to have an object each; above, to share objects, as the drill
found (`make soak ARGS=--outage`). What pages send meanwhile goes to SLS directly, and takes none of this.

The time is what the oldest batch may wait: SLS takes logs of the last 7 days. It also takes no more than
its shards do, 500 writes a second each; how many shards replay's writes take, beside those for the
pages' own, is in the table. Below that, SLS throttles, replay slows down to what SLS takes, and the time is
batches / (500 × shards to spare).

Left out: OSS's price, SLS's own, starts of instances, free quotas.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.cost import Prices, Size
from benchmarks.processes import ROOT
from benchmarks.report import table, write

PAGE = ROOT / "docs" / "outage.md"
OUTAGES = {"10 minutes": 600, "1 hour": 3_600, "1 day": 86_400}  # in seconds
RATES = (10, 100, 2_000, 20_000)  # uploads a second
PARTS = (1, 4, 16)
REPLAY = Size(vcpu=0.35, memory=0.5)  # s.replay.yaml's
DUTY = 49 / 60  # of the time that a run is under way: its timeout less a second, once a minute
WRITES = 64  # at once in an instance (functions/replay/drain.py)
DISTANCE = 0.01  # seconds to SLS and back
GROUPING = 500  # uploads a second, above which batches share objects
SHARD = 500  # writes a second of a shard (SLS documentation, "Shard")
OLDEST = 7 * 86_400  # seconds; SLS takes no older log


class Measured(NamedTuple):
    """What was measured: CPU seconds a batch, and how many batches shared an object in the drill."""

    alone: float = 232e-6  # from objects of one batch
    together: float = 89e-6  # from objects of 64
    shared: float = 29.6


class Drain(NamedTuple):
    """How the spool empties with so many parts."""

    seconds: float
    dollars: float  # Function Compute's, for replay
    shards: int  # that its writes take

    @property
    def in_time(self) -> bool:
        """Whether the last batch is written before SLS would refuse it for its age."""
        return self.seconds <= OLDEST


def batches_a_second(rate: float, measured: Measured) -> float:
    """Return what one instance writes while it runs."""
    cpu = measured.together if rate > GROUPING else measured.alone
    return min(REPLAY.vcpu / cpu, WRITES / DISTANCE)


def drain(outage: float, rate: float, parts: int, measured: Measured, prices: Prices) -> Drain:
    """Return how the spool empties after an outage of so many seconds at so many uploads a second."""
    speed = parts * batches_a_second(rate, measured)
    running = outage * rate / speed  # seconds, of all instances side by side
    dollars = running * parts * REPLAY.a_second(prices) * prices.unit
    return Drain(running / DUTY, dollars, math.ceil(speed / SHARD))


def rows(measured: Measured, prices: Prices) -> list[list[str]]:
    """Return the table's rows."""
    found = []
    for name, outage in OUTAGES.items():
        for rate in RATES:
            drains = [drain(outage, rate, parts, measured, prices) for parts in PARTS]
            objects = outage * rate / (measured.shared if rate > GROUPING else 1)
            times = [spoken(one.seconds) + ("" if one.in_time else " **!**") for one in drains]
            row = [name, f"{rate:,}", f"{outage * rate:,}", f"{objects:,.0f}", *times]
            found.append([*row, f"{drains[0].dollars:.2f}"])
    return found


def _parts(number: int) -> str:
    return "1 part" if number == 1 else f"{number} parts"


def spoken(seconds: float) -> str:
    """Return a time in its largest unit that makes sense."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def tables(measured: Measured, prices: Prices) -> str:
    """Return both tables, of the times and of the shards."""
    head = ["outage", "uploads a second", "batches", "objects", *map(_parts, PARTS), "USD"]
    speeds = [
        [
            f"up to {GROUPING}" if rate < GROUPING else f"over {GROUPING}",
            f"{batches_a_second(rate, measured):,.0f}",
        ]
        + [str(drain(1, rate, parts, measured, prices).shards) for parts in PARTS]
        for rate in (RATES[0], RATES[-1])
    ]
    columns = [
        "uploads a second",
        "batches a second of a part",
        *(f"shards, {_parts(parts)}" for parts in PARTS),
    ]
    return f"{table(head, rows(measured, prices))}\n\n{table(columns, speeds)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute the tables, and put them into the page."""
    usual = Measured()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outage", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--alone", type=float, default=usual.alone * 1e6, help="µs of CPU (%(default)s)")
    parser.add_argument(
        "--together", type=float, default=usual.together * 1e6, help="µs of CPU (%(default)s)"
    )
    parser.add_argument("--shared", type=float, default=usual.shared, help="batches an object (%(default)s)")
    options = parser.parse_args(arguments)
    measured = Measured(options.alone / 1e6, options.together / 1e6, options.shared)
    text = tables(measured, Prices())
    print(text)
    write({"outage": text}, PAGE)


if __name__ == "__main__":
    main()
