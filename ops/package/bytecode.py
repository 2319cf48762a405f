"""Bytecode for the target's CPython, so that a cold start compiles nothing.

The `.pyc` are of the unchecked-hash kind: valid whatever the time stamps, never compared with the source.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ops.package.contents import CODE_DIRECTORY, ROOT
from ops.package.errors import PackageError


def interpreter(version: str) -> str | None:
    """A CPython of this minor version on the PATH or in pyenv; bytecode is valid for no other."""
    finder = ["sh", str(ROOT / "ops/find-python"), version]
    found = subprocess.run(finder, capture_output=True, text=True, check=False).stdout.strip()
    return found or None


def compile_all(python: str, directory: Path) -> None:
    """Compile every module in the directory, to the same bytes every time. Raises PackageError."""
    command = [python, "-s", "-S", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", CODE_DIRECTORY, str(directory)]
    # The hash seed decides the order in which a constant set is written. -I would leave the seed unread,
    # so the environment is this one variable instead, and the directory started from holds no module.
    done = subprocess.run(
        command,
        cwd=directory.parent,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"a module does not compile:\n{done.stdout.strip() or done.stderr.strip()}")
