"""`python -m ops application`: the project in the form of the Serverless Devs registry."""

from __future__ import annotations

from ops.application.command import main

__all__ = ["main"]
