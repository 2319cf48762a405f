"""Node.js with the packages that tests compare with."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "node"


def install(npm: str, home: Path, *options: str) -> str:
    """Install the locked packages of a folder, one process at a time and only where they are not yet there.

    Returns the reason if it failed, else nothing.
    """
    with (home / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (home / "node_modules" / ".package-lock.json").exists():  # the last thing that npm writes
            return ""
        command = [npm, "ci", "--no-audit", "--no-fund", *options]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        return f"npm ci failed: {done.stderr.strip()[-300:]}" if done.returncode else ""


def run_module(code: str, *, given: str = "") -> str:
    """Run a JavaScript module with an input and the packages of tests/node; returns its output.

    Skips the test without Node.js or a registry to install the packages from.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js with npm is not installed")
    if reason := install(npm, HOME):
        pytest.skip(reason)
    answered = subprocess.run(
        [node, "--input-type=module", "-e", code],
        cwd=HOME,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return answered.stdout
