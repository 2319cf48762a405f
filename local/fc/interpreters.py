"""The CPython of a runtime on this machine: a package built for one minor version runs on no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

_ASKED = "import sys, encodings; print('%d.%d' % sys.version_info[:2])"
_PATIENCE = 10  # seconds that an interpreter has to say which it is


@lru_cache(maxsize=16)
def find(version: str) -> str | None:
    """Return the path of a CPython of that minor version (such as `3.12`), None if none is found.

    Looked for: this one, `python3.12` on the PATH, pyenv's. Each is asked, since a version manager's shim may
    be there and not start.
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
            [path, "-ISc", _ASKED], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
