"""Finds the CPython of a runtime: a package built for one minor version runs on no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

_PRINT_VERSION = "import sys, encodings; print('%d.%d' % sys.version_info[:2])"
_TIMEOUT = 10  # seconds for an interpreter to print its version


@lru_cache(maxsize=16)
def find(version: str) -> str | None:
    """Return the path of a CPython of this minor version (such as `3.12`), None if none is found.

    Candidates: this interpreter, `python3.12` on the PATH, pyenv's. Each is started once, since the shim of a
    version manager may exist but not work.
    """
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    return next((path for path in _candidates(version) if _version(path) == version), None)


def _candidates(version: str) -> list[str]:
    named = shutil.which(f"python{version}")
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True)
    return [*([named] if named else []), *map(str, installed)]


def _version(path: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter found above, no shell
            [path, "-ISc", _PRINT_VERSION], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
