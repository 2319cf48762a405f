"""`python -m ops observe`: dashboards and alarms for logs and functions.

Shows a plan; `--apply` executes it. Never deletes, and changes only resources of its own name prefix.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    # Imported here, because the console reads the catalogue without the SDK.
    from ops.observe.command import main as command

    return command(arguments)


__all__ = ["main"]
