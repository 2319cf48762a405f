"""`python -m ops provision`: the Project, the Logstores, the spool's bucket and the RAM roles.

Rights are the least that the functions need.

Shows a plan; `--apply` carries it out. Never deletes, and changes nothing it was not asked to change.
"""

from __future__ import annotations

from ops.provision.command import main

__all__ = ["main"]
