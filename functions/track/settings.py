"""track's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.http.cors import OriginPolicy
from shared.settings import Environment

if TYPE_CHECKING:
    from shared.spool.settings import SpoolSettings

_HEADER = r"[A-Za-z0-9-]+"


class TrackSettings(msgspec.Struct, frozen=True):
    """What the environment says; see README.md, "Settings"."""

    project: str
    logstores: frozenset[str]
    address: str  # http(s)://host[:port] that writes go to
    region: str
    anonymous: bool
    client_ip: str
    client_ip_header: str | None
    spool: SpoolSettings | None
    origins: OriginPolicy
    log_all: bool

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> TrackSettings:
        """Read and check all of them; raises SettingError for the first bad one."""
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
        )


def _spool(env: Environment) -> SpoolSettings | None:
    if env.get("SPOOL_OSS_BUCKET") is None:
        return None
    from shared.spool.settings import SpoolSettings  # a cold start without a spool does not pay for it

    return SpoolSettings.read(env)
