"""The session policy: limits the permissions of a page's token.

STS grants the intersection of the role's own policy and this one (STS documentation, "AssumeRole").
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.settings import SettingError

LIMIT = 2048  # characters of AssumeRole's parameter `Policy`
ACTIONS = ("log:PostLogStoreLogs", "log:PutLogs")


def session_policy(project: str, logstores: Sequence[str]) -> str:
    """Return the policy that allows writing to exactly these Logstores of the Project, as compact JSON.

    Raises SettingError with the number of Logstores that fit, if the policy is too long for AssumeRole.
    """
    policy = _policy(project, logstores)
    if len(policy) > LIMIT:
        fitting = _how_many_fit(project, logstores)
        wanted = (
            f"at most {fitting} Logstores with names like these, because STS limits a session policy to "
            f"{LIMIT} characters and that of these {len(logstores)} has {len(policy)}"
        )
        raise SettingError("SLS_LOGSTORES", ",".join(logstores), wanted)
    return policy


def _policy(project: str, logstores: Sequence[str]) -> str:
    resources = [f"acs:log:*:*:project/{project}/logstore/{logstore}" for logstore in logstores]
    statement = {"Effect": "Allow", "Action": ACTIONS, "Resource": resources}
    return msgspec.json.encode({"Version": "1", "Statement": [statement]}).decode()


def _how_many_fit(project: str, logstores: Sequence[str]) -> int:
    """Return how many of the Logstores, counted from the first, fit into the policy."""
    counts = range(len(logstores) + 1)
    return max(count for count in counts if len(_policy(project, logstores[:count])) <= LIMIT)
