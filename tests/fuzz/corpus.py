"""The corpus: small files that make a target take a way through the code that no other makes it take.

A file's name says what it is (those written by hand) or is its hash (those that a fuzzer found).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def entries(target: str) -> list[Path]:
    """Return the files of a target, in a fixed order."""
    return sorted(path for path in (CORPUS / target).iterdir() if path.is_file())


def keep(target: str, data: bytes) -> Path:
    """Add a case, under a name that two finders of it would both give it."""
    path = CORPUS / target / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path
