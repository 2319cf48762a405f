"""`python -m ops observe`: dashboards and alarms for what arrives and how the functions do.

Shows a plan; `--apply` carries it out. Never deletes, and changes nothing that somebody else made.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    # The console reads the catalogue beside it, and needs no SDK for that.
    from ops.observe.command import main as command

    return command(arguments)


__all__ = ["main"]
