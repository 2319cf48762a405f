from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from tests.local.clock import Clock
from tests.local.current import Current

from .support import LOGSTORE, OPEN, PROJECT, Cloud, policy


@pytest.fixture
def cloud(current: Current, server: Server) -> Iterator[Cloud]:
    clock, ram = Clock(), Ram()
    sls = SlsStandIn(ram, clock=clock)
    sls.create(PROJECT, LOGSTORE)
    sls.create(PROJECT, OPEN, webtracking=True)
    current.app = sls.app
    writer = ram.add_user("writer", [policy("log:PostLogStoreLogs", "acs:log:*:*:project/*")])
    reader = ram.add_user("reader", [policy("log:Get*", "acs:log:*:*:project/*")])
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield Cloud(sls, ram, clock, client, writer, reader)
    sls.close()
