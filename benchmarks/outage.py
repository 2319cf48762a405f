"""How long the spool takes to empty after an outage: `python -m benchmarks.outage` writes docs/outage.md.

The model is the planner's; ops/plan/outage.py has its assumptions. Left out: the prices of OSS and SLS,
starts of instances, free quotas.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.processes import ROOT
from benchmarks.report import table, write
from ops.plan.compute import Prices
from ops.plan.compute import prices as listed
from ops.plan.outage import GROUPING, Measured, batches_a_second, drain
from ops.plan.show import spoken

PAGE = ROOT / "docs" / "outage.md"
OUTAGES = {"10 minutes": 600, "1 hour": 3_600, "1 day": 86_400}  # in seconds
RATES = (10, 100, 2_000, 20_000)  # uploads a second
PARTS = (1, 4, 10)  # s.replay.yaml has triggers for at most 10


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


def tables(measured: Measured, prices: Prices) -> str:
    """Return both tables: times and shards."""
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
    """Compute the tables and write them into the page."""
    usual = Measured.usual()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outage", description=(__doc__ or "").split("\n")[0]
    )
    for name, what, value in (
        ("alone", "µs of CPU", usual.alone * 1e6),
        ("together", "µs of CPU", usual.together * 1e6),
        ("shared", "batches an object", usual.shared),
    ):
        parser.add_argument(f"--{name}", type=float, default=round(value, 3), help=f"{what} (%(default)s)")
    options = parser.parse_args(arguments)
    measured = Measured(options.alone / 1e6, options.together / 1e6, options.shared)
    text = tables(measured, listed())
    print(text)
    write({"outage": text}, PAGE)


if __name__ == "__main__":
    main()
