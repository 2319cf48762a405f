"""Node.js with the packages that the tests use as second opinions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "node"


def run_module(code: str, *, given: str = "") -> str:
    """Return what a JavaScript module prints that is given an input and the packages of tests/node.

    Skips the test where there is no Node.js, or nothing to install the packages from.
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
