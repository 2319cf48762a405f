"""replay's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.settings import Environment
from shared.spool.settings import SpoolSettings


class ReplaySettings(NamedTuple):
    """What the environment says; see README.md, "Settings"."""

    project: str
    logstores: frozenset[str]
    address: str  # http(s)://host[:port] that writes go to
    region: str
    spool: SpoolSettings

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> ReplaySettings:
        """Read and check all of them; raises SettingError for the first bad one."""
        env = Environment(variables)
        project, logstores, region = env.project(), env.logstores(), env.region()
        return cls(
            project=project,
            logstores=frozenset(logstores),
            address=env.sls_address(),
            region=region,
            spool=SpoolSettings.read(env),
        )
