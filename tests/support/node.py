"""Node.js with the packages that tests compare with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "node"


def run_module(code: str, *, given: str = "") -> str:
    """Run a JavaScript module with an input and the packages of tests/node; returns its output.

    Skips the test without Node.js or a registry to install the packages from.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js with npm is not installed")
    if not (HOME / "node_modules").exists():
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], cwd=HOME, capture_output=True, check=False
        )
        if done.returncode:
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
