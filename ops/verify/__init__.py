"""`python -m ops verify`: a deployment checked from outside, as browsers, other clients and SLS see it."""

from __future__ import annotations

from ops.verify.command import main

__all__ = ["main"]
