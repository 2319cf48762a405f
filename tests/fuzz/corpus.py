"""The corpus: small files, each with coverage that no other file has.

A file's name describes it (written by hand) or is its hash (found by a fuzzer).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def entries(target: str) -> list[Path]:
    """Return the files of a target, sorted."""
    return sorted(path for path in (CORPUS / target).iterdir() if path.is_file())


def keep(target: str, data: bytes) -> Path:
    """Add a case under a name that depends only on its content."""
    path = CORPUS / target / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path
