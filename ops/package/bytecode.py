"""Compiles bytecode for the target's CPython, so that a cold start compiles nothing.

The `.pyc` files are unchecked hash-based: Python never compares them with time stamps or sources.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ops.package.contents import CODE_DIRECTORY, ROOT
from ops.package.errors import PackageError


def interpreter(version: str) -> str | None:
    """Return a CPython of this minor version from the PATH or pyenv, None if there is none."""
    finder = ["sh", str(ROOT / "ops/find-python"), version]
    found = subprocess.run(finder, capture_output=True, text=True, check=False).stdout.strip()
    return found or None


def compile_all(python: str, directory: Path) -> None:
    """Compile every module in the directory, reproducibly. Raises PackageError."""
    command = [python, "-s", "-S", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", CODE_DIRECTORY, str(directory)]
    # The hash seed decides the order in which a constant set is written. -I would ignore the variable, so
    # the environment has only this variable, and the working directory contains no module.
    done = subprocess.run(
        command,
        cwd=directory.parent,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"compileall failed:\n{done.stdout.strip() or done.stderr.strip()}")
