"""`python -m ops application`: the project as the Serverless Devs registry wants it."""

from __future__ import annotations

from ops.application.command import main

__all__ = ["main"]
