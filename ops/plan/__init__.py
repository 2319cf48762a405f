"""`python -m ops plan`: computes the resources and the cost for a site's traffic."""

from ops.plan.command import main

__all__ = ["main"]
