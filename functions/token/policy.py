"""The session policy: what a token handed to a page may do, and nothing beyond it.

STS grants the intersection of the role's own policy and this one (STS documentation, "AssumeRole").
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.settings import SettingError

LIMIT = 2048  # characters of `Policy` that AssumeRole takes
ACTIONS = ("log:PostLogStoreLogs", "log:PutLogs")


def session_policy(project: str, logstores: Sequence[str]) -> str:
    """Return the policy that allows writing to exactly these Logstores of the Project, as compact JSON.

    Raises SettingError, saying how many Logstores fit, if it is longer than AssumeRole takes.
    """
    policy = _policy(project, logstores)
    if len(policy) > LIMIT:
        fitting = _how_many_fit(project, logstores)
        wanted = (
            f"at most {fitting} Logstores with names like these, since STS takes a session policy of "
            f"{LIMIT} characters and the one for these {len(logstores)} has {len(policy)}"
        )
        raise SettingError("SLS_LOGSTORES", ",".join(logstores), wanted)
    return policy


def _policy(project: str, logstores: Sequence[str]) -> str:
    resources = [f"acs:log:*:*:project/{project}/logstore/{logstore}" for logstore in logstores]
    statement = {"Effect": "Allow", "Action": ACTIONS, "Resource": resources}
    return msgspec.json.encode({"Version": "1", "Statement": [statement]}).decode()


def _how_many_fit(project: str, logstores: Sequence[str]) -> int:
    """How many of them, in their order, make a policy that is short enough."""
    counts = range(len(logstores) + 1)
    return max(count for count in counts if len(_policy(project, logstores[:count])) <= LIMIT)
