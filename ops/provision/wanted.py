"""What a deployment needs in the account, and not a right more.

Three roles, no long-term AccessKey: the track function's writes to the Logstores; the token function's
may take one role, the page's; the page's writes to the Logstores and trusts the token function's only.
With a spool, track's may also add objects to it, and a fourth, the replay function's, reads and empties it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ops.provision.documents import Document, allow, together, trust
from shared.settings import Environment, SettingError
from shared.spool.format import pending
from shared.spool.settings import PREFIX, SpoolSettings

DEFAULT_SESSION_SECONDS = 3600
MAX_SESSION_SECONDS = 43200
MIN_SESSION_SECONDS = 900

# Simple Log Service documentation, "Manage a project" and "Manage a Logstore".
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_LOGSTORE = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*")
_SUFFIX = re.compile(r"(-[a-z0-9]+)*")


class InvalidTarget(ValueError):
    """A name that the service would refuse; the message says what it should look like."""


class Role(NamedTuple):
    """A RAM role with the one custom policy that it carries."""

    name: str
    description: str
    trust: Document
    policy_name: str
    policy: Document
    session_seconds: int = DEFAULT_SESSION_SECONDS


class Spool(NamedTuple):
    """Where batches wait that SLS does not take: objects of `bucket` whose names begin with `prefix`."""

    bucket: str
    prefix: str = PREFIX


@dataclass(frozen=True)
class Target:
    """What to provision.

    The functions' own log lines go to `function_logstore`; `suffix` keeps a second deployment in the same
    account apart. Raises InvalidTarget for a name that RAM, SLS or OSS would refuse.
    """

    region: str
    project: str
    logstores: tuple[str, ...]
    suffix: str = ""
    token_seconds: int = DEFAULT_SESSION_SECONDS
    retention_days: int = 30
    function_logstore: str = "function-logs"
    spool: Spool | None = None

    def __post_init__(self) -> None:
        _check(_REGION, self.region, "a region", "cn-hangzhou")
        _check(_PROJECT, self.project, "a Project", "3-63 of a-z, 0-9 and -, such as shop-logs")
        for name in self.all_logstores:
            _check(_LOGSTORE, name, "a Logstore", "2-63 of a-z, 0-9, _ and -, such as web-tracking")
        _check(_SUFFIX, self.suffix, "a suffix", "-staging")
        if self.spool:
            checked(self.spool)
        if self.function_logstore in self.logstores:
            raise InvalidTarget(f"{self.function_logstore!r} is for what the functions print, not for pages")
        if not self.logstores:
            raise InvalidTarget("at least one Logstore is needed")
        if not MIN_SESSION_SECONDS <= self.token_seconds <= MAX_SESSION_SECONDS:
            raise InvalidTarget(f"tokens last {MIN_SESSION_SECONDS} to {MAX_SESSION_SECONDS} seconds")
        if not 1 <= self.retention_days <= 3650:
            raise InvalidTarget("logs are kept 1 to 3650 days")

    @property
    def all_logstores(self) -> tuple[str, ...]:
        """The pages' Logstores, and the one for the functions' own log lines, which no role here writes."""
        return (*self.logstores, self.function_logstore)

    def roles(self, account: str) -> tuple[Role, ...]:
        """The roles, each after those its trust policy names: RAM checks that they exist."""
        replay = (self._replay(self.spool),) if self.spool else ()
        return self._track(), self._token(account), self._page(account), *replay

    def variables(self, account: str) -> dict[str, str]:
        """What s.yaml reads from the environment or from .env, by name."""
        track, token, page, *replay = (role_arn(account, role.name) for role in self.roles(account))
        variables = {
            "DEPLOY_REGION": self.region,
            "SLS_PROJECT": self.project,
            "SLS_LOGSTORES": ",".join(self.logstores),
            "FUNCTION_LOGSTORE": self.function_logstore,
            "TRACK_ROLE_ARN": track,
            "TOKEN_ROLE_ARN": token,
            "STS_ROLE_ARN": page,
            "TOKEN_DURATION_SECONDS": str(self.token_seconds),
        }
        if self.spool:
            bucket, prefix = self.spool
            variables |= {"SPOOL_OSS_BUCKET": bucket, "SPOOL_PREFIX": prefix, "REPLAY_ROLE_ARN": replay[0]}
        return variables

    def _track(self) -> Role:
        name = f"sls-webtracking-track{self.suffix}"
        may = allow(["log:PostLogStoreLogs"], self._logstore_arns())
        if self.spool:
            may = together(
                may, allow(["oss:PutObject"], [_objects(self.spool.bucket, pending(self.spool.prefix))])
            )
        return Role(name, "The track function: writes logs.", trust("Service", "fc.aliyuncs.com"), name, may)

    def _replay(self, spool: Spool) -> Role:
        name = f"sls-webtracking-replay{self.suffix}"
        may = together(
            allow(["log:PostLogStoreLogs"], self._logstore_arns()),
            allow(
                ["oss:GetObject", "oss:PutObject", "oss:DeleteObject"], [_objects(spool.bucket, spool.prefix)]
            ),
            allow(["oss:ListObjects"], [f"acs:oss:*:*:{spool.bucket}"]),
        )
        what = "The replay function: writes what the spool holds, and empties it."
        return Role(name, what, trust("Service", "fc.aliyuncs.com"), name, may)

    def _token(self, account: str) -> Role:
        name = f"sls-webtracking-token{self.suffix}"
        may = allow(["sts:AssumeRole"], [role_arn(account, self._page_name)])
        return Role(
            name, "The token function: takes one role.", trust("Service", "fc.aliyuncs.com"), name, may
        )

    def _page(self, account: str) -> Role:
        may = allow(["log:PostLogStoreLogs", "log:PutLogs"], self._logstore_arns())
        return Role(
            self._page_name,
            "Web pages, for the life of a token: writes logs.",
            trust("RAM", role_arn(account, f"sls-webtracking-token{self.suffix}")),
            f"{self._page_name}-write",
            may,
            max(DEFAULT_SESSION_SECONDS, self.token_seconds),
        )

    @property
    def _page_name(self) -> str:
        return f"sls-web-tracking{self.suffix}"  # the name in Alibaba Cloud's own WebTracking guide

    def _logstore_arns(self) -> list[str]:
        return [f"acs:log:*:*:project/{self.project}/logstore/{name}" for name in self.logstores]


def checked(spool: Spool) -> Spool:
    """The same; raises InvalidTarget for names that track and replay would refuse."""
    names = {"SPOOL_OSS_BUCKET": spool.bucket, "SPOOL_PREFIX": spool.prefix, "FC_REGION": "any"}
    try:
        settings = SpoolSettings.read(Environment(names))
    except SettingError as error:
        raise InvalidTarget(str(error)) from None
    if (settings.bucket, settings.prefix) != spool:
        raise InvalidTarget("a bucket and a prefix have no blanks around them, and neither is empty")
    return spool


def role_arn(account: str, name: str) -> str:
    """The address of a role in RAM."""
    return f"acs:ram::{account}:role/{name}"


def _objects(bucket: str, prefix: str) -> str:
    return f"acs:oss:*:*:{bucket}/{prefix}*"


def _check(pattern: re.Pattern[str], value: str, what: str, example: str) -> None:
    if not pattern.fullmatch(value):
        raise InvalidTarget(f"{value!r} cannot be {what}: expected {example}")
