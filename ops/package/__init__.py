"""`python -m ops package`: each function's own folder under build/, ready to be uploaded.

Needs pip and nothing else: no Docker, no compiler, no SDK.
"""

from __future__ import annotations

from ops.package.command import main

__all__ = ["main"]
