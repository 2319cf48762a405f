"""`python -m benchmarks`: measure, print the tables, and write those of docs/performance.md.

`--short` takes a minute or two, only shows that everything runs, and writes nothing, like single parts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks import (
    attacks,
    cold_start,
    compression,
    cost,
    http_floor,
    outage,
    profiles,
    replay,
    report,
    request_cost,
    scale,
    server_start,
    throughput,
    tls_start,
    tokens,
)
from benchmarks.figures import figures_of
from benchmarks.lab import RUNTIMES, Lab, machine, prepare
from benchmarks.rows import Part
from benchmarks.targets import compare
from ops.plan import figures
from ops.plan.compute import prices as listed


class _Effort(NamedTuple):
    starts: int
    requests: int
    tokens: int
    throughput: int
    seconds: float
    attacks: int
    every: int
    profile: int
    compression: int
    replay: int
    batches: int
    instructions: bool


_FULL = _Effort(20, 40, 5, 7, 4.0, 5, 1, 50, 15, 5, 20_000, instructions=True)
_SHORT = _Effort(1, 2, 1, 1, 1.0, 1, 25, 1, 1, 1, 1_000, instructions=False)

_Sections = dict[str, str]


class _Run:
    """One run: the measured parts, and the sections made of them."""

    def __init__(self, lab: Lab, effort: _Effort) -> None:
        self.parts: list[Part] = []
        self.sections: _Sections = {}
        self._lab, self._effort = lab, effort

    def cold_start(self) -> None:
        found = [cold_start.measure(self._lab, self._effort.starts)]
        if self._effort.instructions and (counted := cold_start.count(self._lab)).rows:
            found.append(counted)
        self._measured("cold_start", *found)

    def tls_start(self) -> None:
        measured = tls_start.measure(self._lab, self._effort.starts)
        if measured is None:
            print("\ntls_start was left out: it needs packages, openssl and /etc/ssl/certs")
        else:
            self._measured("tls_start", measured)

    def server_start(self) -> None:
        self._measured("server_start", server_start.measure(self._lab, self._effort.starts))

    def request_cost(self) -> None:
        self._measured("request_cost", request_cost.measure(self._lab, self._effort.requests))

    def tokens(self) -> None:
        self._measured("tokens", tokens.measure(self._lab, self._effort.tokens))

    def throughput(self) -> None:
        measured = throughput.measure(self._lab, self._effort.throughput, self._effort.seconds)
        self._measured("throughput", measured)
        times = throughput.times(measured)
        prices = listed()
        self._print("cost", report.cost_table(cost.table(times, prices), cost.break_even(times, prices)))

    def http_floor(self) -> None:
        measured = http_floor.measure(self._lab, self._effort.throughput, self._effort.seconds)
        self._measured("http_floor", measured)

    def attacks(self) -> None:
        rounds, seconds, every = self._effort.attacks, self._effort.seconds, self._effort.every
        self._measured("attacks", attacks.measure(self._lab, rounds, seconds, every))

    def replay(self) -> None:
        self._measured("replay", replay.measure(self._lab, self._effort.replay, self._effort.batches))

    def compression(self) -> None:
        found = compression.measure(self._lab, self._effort.compression)
        self._print("compression", report.compression_table(found))

    def profiles(self) -> None:
        self._print("profiles", report.profile_tables(profiles.take(self._lab, self._effort.profile)))

    def conclude(self) -> None:
        """Add the environment of the measurement, and compare the figures with the targets."""
        what = f"CPython {self._lab.version}, {machine()}, {time.strftime('%Y-%m-%d', time.gmtime())}"
        left_out = "".join(f"\n\nLeft out: {line}." for line in self._lab.left_out)
        self._print("machine", f"{what}.{left_out}")
        if targets := compare(self.parts):
            self._print("targets", report.targets_table(targets))

    def _measured(self, section: str, *parts: Part) -> None:
        self.parts += parts
        self._print(section, "\n\n".join(report.part_table(part) for part in parts))

    def _print(self, section: str, text: str) -> None:
        self.sections[section] = text
        print(f"\n{text}", flush=True)


_PARTS: dict[str, Callable[[_Run], None]] = {
    "cold_start": _Run.cold_start,
    "tls_start": _Run.tls_start,
    "server_start": _Run.server_start,
    "request_cost": _Run.request_cost,
    "tokens": _Run.tokens,
    "throughput": _Run.throughput,
    "http_floor": _Run.http_floor,
    "attacks": _Run.attacks,
    "replay": _Run.replay,
    "compression": _Run.compression,
    "profiles": _Run.profiles,
}


def publish(sections: Mapping[str, str], parts: Sequence[Part], version: str) -> None:
    """Write the page, store the figures for the planner, and update the pages computed from them."""
    report.write(sections)
    figures.write(figures_of(parts, time.strftime("%Y-%m-%d", time.gmtime()), version))
    outage.main([])
    scale.main([])


def main(arguments: Sequence[str]) -> None:
    """Measure the requested parts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[[], *_PARTS], metavar="PART", help=", ".join(_PARTS))
    parser.add_argument("--short", action="store_true", help="only check that everything runs")
    parser.add_argument("--python", choices=RUNTIMES, default=RUNTIMES[0], help="default: %(default)s")
    options = parser.parse_args(arguments)
    lab = prepare([options.python, *RUNTIMES])
    run = _Run(lab, _SHORT if options.short else _FULL)
    for name in options.parts or _PARTS:
        _PARTS[name](run)
    run.conclude()
    if options.short or options.parts or lab.left_out:
        print("\ndocs/performance.md is unchanged: only a full run with nothing left out updates it")
    else:
        publish(run.sections, run.parts, lab.version)


if __name__ == "__main__":
    main(sys.argv[1:])
