"""A shell that keeps its variables between commands."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

TIMEOUT = 180  # seconds for one command

# A file carries the environment to the next command; another defines the functions (BASH_ENV).
_WRAPPED = """\
[ ! -f "$STATE" ] || . "$STATE"
set -o pipefail
trap 'status=$?; export -p > "$STATE"; exit $status' EXIT
{command}
"""


class Ended(NamedTuple):
    """The result of a command; `output` is everything it printed."""

    status: int
    output: str


class Shell:
    """Runs commands in bash, in one folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str], prelude: str, state: Path) -> None:
        """`prelude` defines functions; `state` is a directory for the shell's own files."""
        functions = state / "functions.sh"
        functions.write_text(prelude)
        self._folder = folder
        own = {"BASH_ENV": str(functions), "STATE": str(state / "variables.sh")}
        self._environ = {**environ, **own}

    def run(self, command: str) -> Ended:
        """Run one command to its end, without a terminal."""
        try:
            done = subprocess.run(  # noqa: S603 - the page's own commands
                ["bash", "-c", _WRAPPED.format(command=command)],  # noqa: S607
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            output = late.stdout or b""
            text = output if isinstance(output, str) else output.decode("utf-8", "replace")
            return Ended(124, f"{text}\ntimed out after {TIMEOUT} seconds")
        return Ended(done.returncode, done.stdout)
