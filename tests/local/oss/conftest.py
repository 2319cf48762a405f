from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server

from .support import BUCKET, LARGEST, Clock, Cloud, Keys, policy


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
    stand_in = OssStandIn(ram, clock=clock, largest=LARGEST)
    stand_in.create(BUCKET)
    current.app = stand_in.app
    keys = Keys(*ram.add_user("owner", [policy("oss:*")]))
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading the usual certificates takes its time
    with ExitStack() as closing, httpx.Client(base_url=server.url, verify=bare) as client:
        yield Cloud(stand_in, ram, clock, client, server.url, keys, closing)
    stand_in.close()
