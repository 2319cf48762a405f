"""Node.js with the packages that tests compare with."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "node"


def _installed(npm: str) -> bool:
    """Install the packages, unless that is done, or is being done by the test of another process."""
    with (HOME / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (HOME / "node_modules" / ".package-lock.json").exists():  # the last thing that npm writes
            return True
        command = [npm, "ci", "--no-audit", "--no-fund"]
        return subprocess.run(command, cwd=HOME, capture_output=True, check=False).returncode == 0


def run_module(code: str, *, given: str = "") -> str:
    """Run a JavaScript module with an input and the packages of tests/node; returns its output.

    Skips the test without Node.js or a registry to install the packages from.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js with npm is not installed")
    if not _installed(npm):
        pytest.skip("npm ci failed in tests/node")
    answered = subprocess.run(
        [node, "--input-type=module", "-e", code],
        cwd=HOME,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return answered.stdout
