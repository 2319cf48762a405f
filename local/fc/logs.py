"""Where functions' output goes: the host's standard error, each line with its function and request."""

from __future__ import annotations

import sys
from typing import Protocol


class Log(Protocol):
    """Takes one line of output. Called from many threads at once."""

    def __call__(self, function: str, request_id: str, line: str) -> None:
        """Show the line."""


def to_stderr(function: str, request_id: str, line: str) -> None:
    """Write one line, in one piece."""
    sys.stderr.write(f"{function} {request_id} {line}\n")
    sys.stderr.flush()
