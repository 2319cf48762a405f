"""The variables that s.yaml reads, printed or merged into a .env file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

UNSET_ORIGINS = (
    '# ALLOWED_ORIGINS=https://shop.example.com   your sites, comma-separated; a blank (" ") allows any site'
)


def shown(variables: Mapping[str, str]) -> str:
    """Return one NAME=value per line."""
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def merged(before: str, variables: Mapping[str, str]) -> str:
    """Return the text of a .env file with these variables set; other lines stay unchanged."""
    left = dict(variables)
    lines = []
    for line in before.splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name}={left.pop(name)}" if name in left else line)
    lines += [f"{name}={value}" for name, value in left.items()]
    if "ALLOWED_ORIGINS" not in "\n".join(lines):
        lines.append(UNSET_ORIGINS)
    return "\n".join(lines) + "\n"


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Merge the variables into the file, creating it if missing. Raises OSError."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(merged(before, variables), encoding="utf-8")
