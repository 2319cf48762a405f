"""`python -m ops ticket`: page tickets by hand, to try a deployment and to see why one is refused."""

from ops.ticket.command import main

__all__ = ["main"]
