"""`python -m ops provision`: the Project, the Logstores and the three RAM roles, least-privileged.

Shows a plan; `--apply` carries it out. Never deletes, and changes nothing it was not asked to change.
"""

from __future__ import annotations

from ops.provision.command import main

__all__ = ["main"]
