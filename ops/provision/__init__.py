"""`python -m ops provision`: the Project, the Logstores, the spool's bucket and the RAM roles.

Roles get only the permissions that the functions need.

Shows a plan; `--apply` executes it. Never deletes, and changes existing resources only on request.
"""

from __future__ import annotations

from ops.provision.command import main

__all__ = ["main"]
