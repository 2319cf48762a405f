"""A track to attack, and an SLS behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.raw_server import RawServer
from tests.support.served import Served, running


@pytest.fixture
def sls() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


@pytest.fixture
def track(sls: RawServer) -> Iterator[Served]:
    """One process with default settings, whose output is kept."""
    with running(SLS_ENDPOINT=sls.url) as served:
        yield served
