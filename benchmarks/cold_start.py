"""From the start of a process to its first answer.

Each turn is a new process that imports the function, initializes it and answers one event, with an SLS or
STS that answers at once; its whole CPU time counts. A row without bytecode does not write any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import bodies
from benchmarks.lab import FUNCTIONS, Lab
from benchmarks.processes import ROOT, cpu_seconds, instructions
from benchmarks.rows import Part, Row, Wanted, take_turns

BARE, SAMPLE = "`python -c pass`", "the guide's sample"
FLOOR = "the floor of track (`benchmarks/floor`)"
FIRST_ANSWER = """
import sys
from {module} import handler, initialize
class Context:
    request_id = "1-benchmark"
initialize(Context)
sys.exit(handler(sys.argv[1].encode(), Context)["statusCode"] != 200)
"""
# Modules that a start imports, and modules that were avoided because of their cost.
_IMPORTS = (
    "msgspec",
    "ssl",
    "logging",
    "msgspec, ssl, hashlib, hmac",
    "shared.network.client",
    "functions.track.index",
    "http.client, ssl",
    "asyncio",
    "alibabacloud_sts20150401.client",
)


class _Start(NamedTuple):
    wanted: Wanted
    path: Sequence[Path]
    code: str
    event: str = ""


def _starts(lab: Lab) -> list[_Start]:
    starts = [_Start(Wanted(BARE, "ms"), (), "pass")]
    if lab.sample:
        starts.append(_Start(Wanted(SAMPLE, "ms", (BARE,)), lab.sample, "import main; main.answer_one()"))
    if lab.packages:
        path = (lab.packages["track"], ROOT)  # msgspec from the package
        code = FIRST_ANSWER.format(module="benchmarks.floor.index")
        event = bodies.post(bodies.small()).decode()
        starts.append(_Start(Wanted(FLOOR, "ms", (BARE, SAMPLE)), path, code, event))
    for name in FUNCTIONS:
        starts += _starts_of(lab, name)
    return starts


def _starts_of(lab: Lab, name: str) -> list[_Start]:
    event = (bodies.post(bodies.small()) if name == "track" else bodies.token()).decode()
    checkout = f"{name}, checkout"
    code = FIRST_ANSWER.format(module=f"functions.{name}.index")
    found = [_Start(Wanted(checkout, "ms", (BARE, SAMPLE)), lab.checkout, code, event)]
    for folders, words in (
        (lab.packages, "package"),
        (lab.unzipped, "package, zipped and unzipped"),
        (lab.bare, "package without its bytecode"),
    ):
        if name in folders:
            against = (BARE, SAMPLE, FLOOR, checkout) if name == "track" else (BARE, SAMPLE, checkout)
            wanted = Wanted(f"{name}, {words}", "ms", against)
            found.append(_Start(wanted, (folders[name],), FIRST_ANSWER.format(module="index"), event))
    return found


def _imports(lab: Lab) -> list[_Start]:
    # From the package first: with the checkout, msgspec finds and imports more modules.
    own = (lab.packages["track"],) if lab.packages else lab.checkout
    return [
        _Start(
            Wanted(f"`import {modules}`", "ms", (BARE,)),
            lab.checkout if modules.startswith("alibabacloud") else own,
            f"import {modules}",
        )
        for modules in _IMPORTS
    ]


def _command(lab: Lab, start: _Start, upstream: str) -> tuple[list[str], dict[str, str]]:
    variables = lab.variables(start.path, upstream)
    if start.wanted.name.endswith("without its bytecode"):
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
    return [lab.python, "-c", start.code, start.event], variables


def measure(lab: Lab, rounds: int) -> Part:
    """Measure CPU time, in ms."""
    starts = _starts(lab) + _imports(lab)
    with lab.stand_in(0) as upstream:

        def turn(start: _Start) -> Mapping[str, float]:
            return {start.wanted.name: 1000 * cpu_seconds(*_command(lab, start, upstream))}

        for start in starts:
            turn(start)  # warms up: writes the checkout's bytecode, fills the file cache
        rows = take_turns(
            [start.wanted for start in starts], [partial(turn, start) for start in starts], rounds
        )
    return Part("cold_start", "From the start of the process to the first answer: CPU time", rows)


def count(lab: Lab) -> Part:
    """Count instructions, in millions, once: they hardly differ between starts."""
    rows = []
    with lab.stand_in(0) as upstream:
        for start in _starts(lab) + _imports(lab):
            counted = instructions(*_command(lab, start, upstream))
            if counted is not None:
                rows.append(Row(start.wanted.name, "M", (counted / 1e6,), start.wanted.against))
    return Part("cold_start", "The same in instructions (valgrind's callgrind)", tuple(rows))
