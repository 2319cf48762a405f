"""Reads the commands of a page: its fenced blocks marked `sh`."""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

# ```sh, or ```sh exit=2 for commands whose exit status is not 0.
_FENCE = re.compile(r"^(?P<indent> *)```sh(?: exit=(?P<status>\d+))?\n(?P<body>.*?)^ *```$", re.M | re.S)
_HEADING = re.compile(r"^(?:#+ (?P<title>.*)|\*\*(?P<step>\d+\. [^*]*)\.\*\*.*)$", re.M)


class Block(NamedTuple):
    """The commands of one block; `heading` is the one above it, `status` is the last command's."""

    heading: str
    commands: tuple[str, ...]
    status: int = 0


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page in order."""
    headings = [(found.start(), found["title"] or found["step"]) for found in _HEADING.finditer(text)]
    made = []
    for fence in _FENCE.finditer(text):
        above = [title for start, title in headings if start < fence.start()]
        commands = tuple(_commands(textwrap.dedent(fence["body"])))
        made.append(Block(above[-1] if above else "", commands, int(fence["status"] or 0)))
    return made


def _commands(body: str) -> list[str]:
    """One command per line; a backslash at the end continues it on the next line."""
    joined = re.sub(r"\\\n\s*", "", body)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
