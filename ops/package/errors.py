"""Why a package could not be made."""

from __future__ import annotations


class PackageError(Exception):
    """The message is for the operator."""
