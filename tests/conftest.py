"""Fixtures and hooks for all tests."""

from __future__ import annotations

import os

import httpx
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.custom import stop_all
from tests.support.parallel import longest_first, scheduler

# Shared machines pause: a slow example is not a bug, and random examples would not be reproducible.
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# httpx's own 5 s are too short for a cold start on a busy machine; tests of a timeout give one.
vars(DEFAULT_TIMEOUT_CONFIG).update(vars(httpx.Timeout(60)))

_OWN = (
    *("SLS_", "STS_", "SPOOL_", "FC_", "ALIBABA_CLOUD_", "TOKEN_", "CLIENT_IP", "OPS_"),
    *("ALLOWED_ORIGINS", "ORIGIN_MODE", "MISSING_ORIGIN", "TICKET", "RATE_"),
    *("BOTS", "IGNORE_IPS", "GPC", "REFERER", "DROP_FIELDS"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers, start the longest tests first."""
    if hasattr(config, "workerinput"):
        longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Distribute the tests by module."""
    return scheduler(config, log)


def pytest_sessionfinish() -> None:
    """Stop the event loops of tests over the custom runtime."""
    stop_all()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the developer's settings from the environment."""
    for name in [name for name in os.environ if name.startswith(_OWN)]:
        monkeypatch.delenv(name)
