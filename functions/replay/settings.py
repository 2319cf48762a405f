"""replay's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.settings import Environment
from shared.spool.settings import SpoolSettings


class ReplaySettings(NamedTuple):
    """The settings from the environment; see README.md, "Settings"."""

    project: str
    logstores: frozenset[str]
    address: str  # http(s)://host[:port] for writes
    region: str
    spool: SpoolSettings

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> ReplaySettings:
        """Read and check all settings. Raises SettingError for the first invalid one."""
        env = Environment(variables)
        project, logstores, region = env.project(), env.logstores(), env.region()
        return cls(
            project=project,
            logstores=frozenset(logstores),
            address=env.sls_address(),
            region=region,
            spool=SpoolSettings.read(env),
        )
