"""Fixtures for tests of shared code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shared.network.peers import NETWORKS, over


@pytest.fixture(params=NETWORKS)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test with every network implementation."""
    with over(request.param):
        yield
