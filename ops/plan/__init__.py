"""`python -m ops plan`: what a site's traffic needs, and what it costs."""

from ops.plan.command import main

__all__ = ["main"]
