"""`python -m ops ticket`: page tickets, to test a deployment or to see why a ticket is refused."""

from ops.ticket.command import main

__all__ = ["main"]
