"""The account that the fakes share: a deployment's roles with their permissions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from local.ram import Ram
from shared.credentials import KEY_ID, KEY_SECRET, TOKEN, Credentials
from tests.support.policies import policy

REGION = "cn-hangzhou"
PROJECT = "webtracking-demo"
LOGSTORES = ("web-tracking-logstore", "checkout")
BUCKET = "webtracking-demo-spool"
WRITE = ["log:PostLogStoreLogs", "log:PutLogs"]


class FakeAccount:
    """Four roles: one for each function, and the role of the tokens."""

    def __init__(self) -> None:
        self.ram = Ram()
        logs = f"acs:log:*:*:project/{PROJECT}/logstore/*"
        target = f"acs:ram::{self.ram.account_id}:role/sls-web-tracking"
        on_fc = ["fc.aliyuncs.com"]
        spool = policy("oss:*", [f"acs:oss:*:*:{BUCKET}", f"acs:oss:*:*:{BUCKET}/*"])
        self.track_role = self.ram.add_role("track", trusted=on_fc, policies=[policy(WRITE, logs), spool])
        self.replay_role = self.ram.add_role("replay", trusted=on_fc, policies=[policy(WRITE, logs), spool])
        self.token_role = self.ram.add_role(
            "token", trusted=on_fc, policies=[policy("sts:AssumeRole", target)]
        )
        self.written_role = self.ram.add_role(
            "sls-web-tracking", trusted=[self.token_role], policies=[policy(WRITE, logs)]
        )

    def credentials(self, role: str, *, life: int = 3600, age: int = 0) -> Credentials:
        """Return FC's credentials for this role's function, `age` seconds old, valid for `life` seconds."""
        now = time.time() - age
        issued = self.ram.issue(role, session_name="fc", session_policy=None, duration=life, now=now)
        return Credentials(issued.id, issued.secret, issued.security_token)

    def variables(self, role: str, **settings: str) -> Mapping[str, str]:
        """Return the environment of a function with this role: a deployment's variables and `settings`."""
        own = self.credentials(role)
        found: dict[str, Any] = {
            "FC_REGION": REGION,
            "FC_FUNCTION_NAME": "tests",
            "FC_INSTANCE_ID": "c-tests-1",
            "SLS_PROJECT": PROJECT,
            "SLS_LOGSTORES": ",".join(LOGSTORES),
            "STS_ROLE_ARN": self.written_role,
            KEY_ID: own.access_key_id,
            KEY_SECRET: own.access_key_secret,
            TOKEN: own.security_token,
        }
        return {**found, **settings}
