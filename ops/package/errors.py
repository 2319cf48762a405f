"""The error of packaging."""

from __future__ import annotations


class PackageError(Exception):
    """The message is for the operator."""
