from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from local.fc.function import Function
from local.fc.host import Host, Route
from local.serving import Server

from .triggers import Serve, Trigger, sample


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(function: Function | None = None, routes: list[Route] | None = None) -> Trigger:
            lines: list[tuple[str, str, str]] = []

            def log(function: str, request_id: str, line: str) -> None:
                lines.append((function, request_id, line))

            host = Host(function or sample(), routes or [], log=log)
            server = stack.enter_context(Server(host))
            stack.callback(host.stop)
            client = stack.enter_context(httpx.Client(base_url=server.url, timeout=20))
            return Trigger(host, server.url, client, lines)

        yield start
