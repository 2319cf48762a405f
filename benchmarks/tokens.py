"""The cost of a credential, with STS 20 ms away: tokens a second, AssumeRole calls, CPU time."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import bodies
from benchmarks.lab import Lab
from benchmarks.processes import report_of
from benchmarks.request_cost import event_file
from benchmarks.rows import Part, Wanted, take_turns

DISTANCE = 0.02  # seconds to STS and back
RATE, CALLS, CPU = "tokens a second", "AssumeRole calls per 1,000 tokens", "CPU a token"
OURS, SAMPLE = "token", "the guide's sample"


class _Vendor(NamedTuple):
    name: str
    module: str
    path: Sequence[Path]
    tokens: int


def measure(lab: Lab, rounds: int) -> Part:
    """Measure the first 1,000 tokens of token, and 50 of the sample, because all its calls cost the same."""
    vendors = [_Vendor(OURS, "functions.token.index", lab.checkout, 1000)]
    if lab.sample:
        vendors.append(_Vendor(SAMPLE, "main", lab.sample, 50))
    wanted = [
        Wanted(f"{vendor.name}: {what}", unit, () if vendor.name == SAMPLE else (f"{SAMPLE}: {what}",))
        for what, unit in ((RATE, "1/s"), (CALLS, ""), (CPU, "µs"))
        for vendor in vendors
    ]
    rows = take_turns(wanted, [partial(_turn, lab, vendor) for vendor in vendors], rounds)
    return Part("tokens", "Credentials, with STS 20 ms away", rows)


def _turn(lab: Lab, vendor: _Vendor) -> Mapping[str, float]:
    event = event_file("token", bodies.token())
    path = (*vendor.path, lab.checkout[0])  # to import the probe
    with lab.stand_in(DISTANCE) as upstream:
        probe = [lab.python, "-m", "benchmarks.probes.loop", vendor.module, str(event), "60"]
        report = report_of([*probe, str(vendor.tokens)], lab.variables(path, upstream))
        with urllib.request.urlopen(f"{upstream}/calls") as answer:  # noqa: S310 - its own address
            calls = int(answer.read())
    tokens = report["requests"]
    return {
        f"{vendor.name}: {RATE}": tokens / report["seconds"],
        f"{vendor.name}: {CALLS}": 1000 * calls / tokens,
        f"{vendor.name}: {CPU}": 1e6 * report["cpu"] / tokens,
    }
