"""`python -m ops package`: each function's package under build/, ready for upload.

Needs only pip: no Docker, no compiler, no SDK.
"""

from __future__ import annotations

from ops.package.command import main

__all__ = ["main"]
