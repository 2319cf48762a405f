"""token's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from functions.token.policy import session_policy
from shared.http.cors import OriginPolicy
from shared.network.blocking import BLOCKING
from shared.settings import Environment

if TYPE_CHECKING:
    from shared.access.gate import TicketGate
    from shared.access.rate_limit import RateLimit
    from shared.network.interface import Network

_ROLE_ARN = re.compile(r"acs:ram::[0-9]+:role/[A-Za-z0-9.@_/-]{1,128}")


class TokenSettings(msgspec.Struct, frozen=True):
    """The settings from the environment; see README.md, "Settings"."""

    policy: str  # the session policy for SLS_PROJECT and SLS_LOGSTORES
    role_arn: str
    address: str  # http(s)://host[:port] of STS
    duration: int  # seconds
    instance: str
    origins: OriginPolicy
    log_all: bool
    gate: TicketGate | None
    rate_limit: RateLimit | None

    @classmethod
    def read(cls, variables: Mapping[str, str], network: Network = BLOCKING) -> TokenSettings:
        """Read and check all settings. Raises SettingError for the first invalid one."""
        env = Environment(variables)
        endpoint = env.endpoint("STS_ENDPOINT", f"sts.{env.region()}.aliyuncs.com")
        return cls(
            policy=session_policy(env.project(), env.logstores()),
            role_arn=env.text("STS_ROLE_ARN", _ROLE_ARN, "a role's ARN: acs:ram::ACCOUNT-ID:role/ROLE-NAME"),
            address=endpoint if "://" in endpoint else f"https://{endpoint}",
            duration=env.integer("TOKEN_DURATION_SECONDS", 900, 43200, 3600),
            instance=env.get("FC_INSTANCE_ID") or "local",
            origins=OriginPolicy.from_environment(env),
            log_all=env.log_all(),
            gate=_gate(env),
            rate_limit=_rate_limit(env, network),
        )


def _gate(env: Environment) -> TicketGate | None:
    if not env.any_set("TICKETS", "TICKET_KEYS", "TICKET_MAX_SECONDS"):
        return None
    from shared.access.gate import read_gate  # imported only with tickets, for a short cold start

    # A credential can write to every Logstore here, so a ticket for only some of them is not enough.
    every = frozenset(env.logstores())
    return read_gate(env, lambda _: every)


def _rate_limit(env: Environment, network: Network) -> RateLimit | None:
    if not env.any_set("RATE_LIMIT", "RATE_MODE"):
        return None
    from shared.access.rate_limit import read_rate_limit  # likewise

    return read_rate_limit(env, network)
