from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn

from .support import LOGSTORE, OPEN, PROJECT, Clock, Cloud, policy


class _Current:
    """Passes requests to the stand-in of the running test, so that all tests share one server."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def current() -> _Current:
    return _Current()


@pytest.fixture(scope="session")
def server(current: _Current) -> Iterator[Server]:
    with Server(current) as server:
        yield server


@pytest.fixture
def cloud(current: _Current, server: Server) -> Iterator[Cloud]:
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
