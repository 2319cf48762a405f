"""The resources and the minimal permissions that a deployment needs.

Three roles, no long-term AccessKey: track's role writes to the Logstores; token's role may only assume the
page's role; the page's role writes to the Logstores and trusts only token's role. With a spool, track's role
may also add objects to it, and a fourth role, replay's, reads and deletes them.
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
    """A name that the service would refuse; the message has the expected format."""


class Role(NamedTuple):
    """A RAM role with its one custom policy."""

    name: str
    description: str
    trust: Document
    policy_name: str
    policy: Document
    session_seconds: int = DEFAULT_SESSION_SECONDS


class Spool(NamedTuple):
    """Where batches are stored that SLS does not accept: objects of `bucket` with names under `prefix`."""

    bucket: str
    prefix: str = PREFIX


@dataclass(frozen=True)
class Target:
    """What to provision.

    The functions' own log lines go to `function_logstore`; `suffix` separates a second deployment in the same
    account. Raises InvalidTarget for a name that RAM, SLS or OSS would refuse.
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
        _check(_REGION, self.region, "region", "a name such as cn-hangzhou")
        _check(_PROJECT, self.project, "Project name", "3-63 of a-z, 0-9 and -, such as shop-logs")
        for name in self.all_logstores:
            _check(_LOGSTORE, name, "Logstore name", "2-63 of a-z, 0-9, _ and -, such as web-tracking")
        _check(_SUFFIX, self.suffix, "suffix", "a text such as -staging")
        if self.spool:
            checked(self.spool)
        if self.function_logstore in self.logstores:
            raise InvalidTarget(
                f"{self.function_logstore!r} is the functions' Logstore; pages need another one"
            )
        if not self.logstores:
            raise InvalidTarget("at least one Logstore is required")
        if not MIN_SESSION_SECONDS <= self.token_seconds <= MAX_SESSION_SECONDS:
            raise InvalidTarget(
                f"the lifetime of tokens must be {MIN_SESSION_SECONDS} to {MAX_SESSION_SECONDS} seconds"
            )
        if not 1 <= self.retention_days <= 3650:
            raise InvalidTarget("the retention must be 1 to 3650 days")

    @property
    def all_logstores(self) -> tuple[str, ...]:
        """The pages' Logstores, and that of the functions' log lines, to which no role here writes."""
        return (*self.logstores, self.function_logstore)

    def roles(self, account: str) -> tuple[Role, ...]:
        """Return the roles, each after those in its trust policy, because RAM checks that they exist."""
        replay = (self._replay(self.spool),) if self.spool else ()
        return self._track(), self._token(account), self._page(account), *replay

    def variables(self, account: str) -> dict[str, str]:
        """Return the variables that s.yaml reads from the environment or .env."""
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
        return f"sls-web-tracking{self.suffix}"  # the name in Alibaba Cloud's WebTracking guide

    def _logstore_arns(self) -> list[str]:
        return [f"acs:log:*:*:project/{self.project}/logstore/{name}" for name in self.logstores]


def checked(spool: Spool) -> Spool:
    """Return the spool unchanged. Raises InvalidTarget for names that track and replay would refuse."""
    names = {"SPOOL_OSS_BUCKET": spool.bucket, "SPOOL_PREFIX": spool.prefix, "FC_REGION": "any"}
    try:
        settings = SpoolSettings.read(Environment(names))
    except SettingError as error:
        raise InvalidTarget(str(error)) from None
    if (settings.bucket, settings.prefix) != spool:
        raise InvalidTarget("the bucket and the prefix must not be empty or have blanks around them")
    return spool


def role_arn(account: str, name: str) -> str:
    """Return the ARN of a role."""
    return f"acs:ram::{account}:role/{name}"


def _objects(bucket: str, prefix: str) -> str:
    return f"acs:oss:*:*:{bucket}/{prefix}*"


def _check(pattern: re.Pattern[str], value: str, what: str, example: str) -> None:
    if not pattern.fullmatch(value):
        raise InvalidTarget(f"{value!r} is not a valid {what}: expected {example}")
