"""`python -m ops ticket`: issues page tickets for tests, and shows why a ticket is refused."""

from ops.ticket.command import main

__all__ = ["main"]
