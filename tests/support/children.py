"""Programs that a test starts, with their children: none outlives its ``with`` block."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

POLL = 0.05  # seconds
END_SECONDS = 10.0  # from SIGKILL until nothing is left

T = TypeVar("T")


class ChildFailed(Exception):
    """A program ended, or was not ready in time."""


@contextmanager
def child(
    command: Sequence[str],
    *,
    home: Path,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in a process group of its own, which is killed at the end.

    If util-linux's setpriv is installed, it is also killed if this process dies earlier.
    `home` is its HOME, so that it does not touch the user's; its output goes to
    ``home/output``.
    """
    setpriv = shutil.which("setpriv")
    bound = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    with (home / "output").open("ab") as output:
        process = subprocess.Popen(
            [*bound, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "HOME": str(home), **(environment or {})},
            pass_fds=pass_fds,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(
    ready: Callable[[], T | Literal[False] | None], process: subprocess.Popen[bytes] | None, seconds: float
) -> T:
    """Return `ready`'s first value. Raises ChildFailed if `process` ends or `seconds` pass before."""
    deadline = time.monotonic() + seconds
    while True:
        if found := ready():
            return found
        if process is not None and process.poll() is not None:
            raise ChildFailed(f"{process.args!r} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise ChildFailed(f"not ready after {seconds:.0f} s")
        time.sleep(POLL)


def survivors(home: Path, *, patience: float = END_SECONDS) -> list[int]:
    """The processes started with `home` as HOME that still run after `patience` seconds (Linux's /proc)."""
    mark = f"HOME={home}".encode()
    deadline = time.monotonic() + patience
    while (alive := _with_environment(mark)) and time.monotonic() < deadline:
        time.sleep(POLL)
    return alive


def _with_environment(mark: bytes) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has just ended, or is another user's
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found
