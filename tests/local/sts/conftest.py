from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from darabonba.core import DaraCore

from local.ram import AccessKey, Ram
from local.serving import Server
from local.sts import StsStandIn
from tests.local.sts.cloud import account


class Cloud(NamedTuple):
    ram: Ram
    key: AccessKey
    sts: StsStandIn
    port: int


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    ram, key = account()
    sts = StsStandIn(ram)
    with Server(sts.app) as server:
        yield Cloud(ram, key, sts, server.port)
        close_sdk_sessions()


def close_sdk_sessions() -> None:
    """The SDK keeps its connections for the life of the process."""
    while DaraCore._sessions:
        DaraCore._sessions.popitem()[1].close()
