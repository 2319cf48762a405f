"""A server that is started once, for whichever application the running test has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.serving import Server
from tests.local.current import Current


@pytest.fixture(scope="session")
def current() -> Current:
    return Current()


@pytest.fixture(scope="session")
def server(current: Current) -> Iterator[Server]:
    with Server(current) as server:
        yield server
