"""Runs measured and measuring processes: their CPU time, instructions and output."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

# The working directory of measured processes: before Python 3.11 it is the first entry of sys.path.
_NOWHERE = "/"
_COLLECTED = re.compile(r"Collected : (\d+)")


class ProbeFailed(Exception):
    """A measured process failed; the message is the end of its output."""


def cpu_seconds(command: Sequence[str], variables: Mapping[str, str]) -> float:
    """Return the user and system time of one process from start to end. Raises ProbeFailed."""
    with subprocess.Popen(
        command, env=dict(variables), cwd=_NOWHERE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ProbeFailed(said.decode(errors="replace")[-2000:])
    return usage.ru_utime + usage.ru_stime


def instructions(command: Sequence[str], variables: Mapping[str, str]) -> int | None:
    """Return the instructions that valgrind's callgrind counts; None without valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    wrapped = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = _run(wrapped, variables)
    counted = _COLLECTED.search(done.stderr)
    return int(counted[1]) if counted and not done.returncode else None


def report_of(command: Sequence[str], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON object that a process prints. Raises ProbeFailed."""
    done = _run(command, variables)
    if done.returncode:
        raise ProbeFailed(done.stderr[-2000:])
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _run(command: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=dict(variables), cwd=_NOWHERE, capture_output=True, text=True, check=False
    )


def cpu_so_far(pid: int) -> float:
    """Return the seconds of CPU that a running process has used (Linux: proc(5), `/proc/PID/stat`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def stand_in(
    python: str, variables: Mapping[str, str], delay: float, certificate: Path | None = None
) -> Iterator[str]:
    """Yield the address of an SLS and STS that answer `delay` seconds after each request.

    They serve over TLS if there is a `certificate`, a file with its key too.
    """
    command = [python, "-m", "benchmarks.probes.stand_in", str(delay)]
    command += [str(certificate)] if certificate else []
    with subprocess.Popen(command, env=dict(variables), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
