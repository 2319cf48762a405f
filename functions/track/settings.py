"""track's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.http.cors import OriginPolicy
from shared.network.blocking import BLOCKING
from shared.settings import Environment

if TYPE_CHECKING:
    from functions.track.filters import Filters
    from shared.access.gate import TicketGate
    from shared.access.rate_limit import RateLimit
    from shared.network.interface import Network
    from shared.spool.settings import SpoolSettings

_HEADER = r"[A-Za-z0-9-]+"


class TrackSettings(msgspec.Struct, frozen=True):
    """The settings from the environment; see README.md, "Settings"."""

    project: str
    logstores: frozenset[str]
    address: str  # http(s)://host[:port] for writes
    region: str
    anonymous: bool
    client_ip: str
    client_ip_header: str | None
    spool: SpoolSettings | None
    origins: OriginPolicy
    log_all: bool
    gate: TicketGate | None
    rate_limit: RateLimit | None
    filters: Filters | None

    @classmethod
    def read(cls, variables: Mapping[str, str], network: Network = BLOCKING) -> TrackSettings:
        """Read and check all settings. Raises SettingError for the first invalid one."""
        env = Environment(variables)
        project, logstores, region = env.project(), env.logstores(), env.region()
        return cls(
            project=project,
            logstores=frozenset(logstores),
            address=env.sls_address(),
            region=region,
            anonymous=env.choice("SLS_WRITE", ("signed", "anonymous")) == "anonymous",
            client_ip=env.choice("CLIENT_IP", ("full", "truncate", "off")),
            client_ip_header=env.optional_text("CLIENT_IP_HEADER", _HEADER, "the name of a header"),
            spool=_spool(env),
            origins=OriginPolicy.from_environment(env),
            log_all=env.log_all(),
            gate=_gate(env),
            rate_limit=_rate_limit(env, network),
            filters=_filters(env),
        )


def _gate(env: Environment) -> TicketGate | None:
    if not env.any_set("TICKETS", "TICKET_KEYS", "TICKET_MAX_SECONDS"):
        return None
    from shared.access.gate import read_gate  # imported only with tickets, for a short cold start

    return read_gate(env, _written_to)


def _rate_limit(env: Environment, network: Network) -> RateLimit | None:
    if not env.any_set("RATE_LIMIT", "RATE_MODE"):
        return None
    from shared.access.rate_limit import read_rate_limit  # likewise

    return read_rate_limit(env, network)


def _filters(env: Environment) -> Filters | None:
    if not env.any_set("BOTS", "IGNORE_IPS", "GPC", "REFERER", "DROP_FIELDS"):
        return None
    from functions.track.filters import Filters  # likewise

    return Filters(env)


def _written_to(match: re.Match[str]) -> frozenset[str]:
    """Return the Logstore in a path; an empty set for an unknown route."""
    return frozenset(filter(None, (match.groupdict().get("logstore"),)))


def _spool(env: Environment) -> SpoolSettings | None:
    if env.get("SPOOL_OSS_BUCKET") is None:
        return None
    from shared.spool.settings import SpoolSettings  # imported only with a spool, for a short cold start

    return SpoolSettings.read(env)
