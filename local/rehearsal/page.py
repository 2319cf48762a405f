"""The commands of a page, as they stand there: its fenced blocks marked `sh`."""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

# ```sh, or ```sh exit=2 for commands that end with another status than 0.
_FENCE = re.compile(r"^(?P<indent> *)```sh(?: exit=(?P<status>\d+))?\n(?P<body>.*?)^ *```$", re.M | re.S)
_HEADING = re.compile(r"^(?:#+ (?P<title>.*)|\*\*(?P<step>\d+\. [^*]*)\.\*\*.*)$", re.M)


class Block(NamedTuple):
    """Commands that stand together; `heading` is the one above them, `status` that of the last command."""

    heading: str
    commands: tuple[str, ...]
    status: int = 0


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page in their order."""
    headings = [(found.start(), found["title"] or found["step"]) for found in _HEADING.finditer(text)]
    made = []
    for fence in _FENCE.finditer(text):
        above = [title for start, title in headings if start < fence.start()]
        commands = tuple(_commands(textwrap.dedent(fence["body"])))
        made.append(Block(above[-1] if above else "", commands, int(fence["status"] or 0)))
    return made


def _commands(body: str) -> list[str]:
    """One command a line; a backslash at its end continues it on the next."""
    joined = re.sub(r"\\\n\s*", "", body)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
