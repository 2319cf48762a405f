"""Where functions' output goes: the host's standard error, each line with function and request id."""

from __future__ import annotations

import sys
from typing import Protocol


class Log(Protocol):
    """Receives one line of output. Called from many threads at once."""

    def __call__(self, function: str, request_id: str, line: str) -> None:
        """Write the line."""


def to_stderr(function: str, request_id: str, line: str) -> None:
    """Write one line in a single call, so that lines do not mix."""
    sys.stderr.write(f"{function} {request_id} {line}\n")
    sys.stderr.flush()
