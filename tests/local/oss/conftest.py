from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from tests.local.clock import Clock
from tests.local.current import Current
from tests.support.policies import policy

from .support import BUCKET, LARGEST, Cloud, Keys


@pytest.fixture
def cloud(current: Current, server: Server) -> Iterator[Cloud]:
    clock, ram = Clock(), Ram()
    stand_in = OssStandIn(ram, clock=clock, largest=LARGEST)
    stand_in.create(BUCKET)
    current.app = stand_in.app
    keys = Keys(*ram.add_user("owner", [policy("oss:*")]))
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading the usual certificates takes its time
    with ExitStack() as closing, httpx.Client(base_url=server.url, verify=bare) as client:
        yield Cloud(stand_in, ram, clock, client, server.url, keys, closing)
    stand_in.close()
