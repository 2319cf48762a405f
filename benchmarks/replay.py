"""How fast one instance of replay empties the spool, with SLS and OSS 10 ms away in a separate process.

In one case each batch has its own object, as from the built-in runtime; in the other batches share objects,
as from the custom runtime in an outage under load.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from benchmarks.lab import Lab
from benchmarks.processes import report_of
from benchmarks.rows import Part, Wanted, take_turns

DISTANCE = 0.01  # seconds to SLS and OSS, and back
SHARED = 64  # batches in an object, equal to an instance's concurrency
ALONE, TOGETHER = "objects of one batch", f"objects of {SHARED} batches"
RATE, CPU, MEMORY = "batches a second", "CPU a batch", "peak memory"
_UNITS = {RATE: "1/s", CPU: "µs", MEMORY: "MB"}


def measure(lab: Lab, rounds: int, batches: int) -> Part:
    """Have one instance write `batches` batches of 10 logs, once per round and case."""
    wanted = [Wanted(f"{case}: {what}", unit) for case in (ALONE, TOGETHER) for what, unit in _UNITS.items()]
    turns = [partial(_run, lab, batches, ALONE, 1), partial(_run, lab, batches, TOGETHER, SHARED)]
    rows = take_turns(wanted, turns, rounds)
    return Part("replay", "One instance of replay, SLS and OSS 10 ms away, batches of 10 logs", rows)


def _run(lab: Lab, batches: int, case: str, shared: int) -> Mapping[str, float]:
    with _spool(lab, batches, shared) as address:
        variables = lab.variables(lab.checkout, address)
        variables |= {"SPOOL_OSS_BUCKET": "benchmark", "SPOOL_OSS_ENDPOINT": address}
        report = report_of([lab.python, "-m", "benchmarks.probes.replay"], variables)
    if report["written"] != batches or report["ended"] != "drained":
        raise ValueError(f"unexpected result of replay: {report}")
    return {
        f"{case}: {RATE}": batches / report["seconds"],
        f"{case}: {CPU}": 1e6 * report["cpu"] / batches,
        f"{case}: {MEMORY}": report["MB"],
    }


@contextmanager
def _spool(lab: Lab, batches: int, shared: int) -> Iterator[str]:
    """Yield the address of a full spool, which is also SLS."""
    command = [lab.python, "-m", "benchmarks.probes.spool", str(DISTANCE), str(batches), str(shared)]
    variables = lab.variables(lab.checkout)
    with subprocess.Popen(command, env=variables, cwd="/", stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
