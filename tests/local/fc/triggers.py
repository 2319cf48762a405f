"""A served function, for the tests of the trigger."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.fc.function import Credentials, Function
from local.fc.host import Host

CODE = Path(__file__).parent / "functions"
CREDENTIALS = Credentials("STS.id", "secret", "token")


@dataclass
class Trigger:
    """A served function: its address, a client of it, what it logged."""

    host: Host
    url: str
    client: httpx.Client
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.client.post(path, **options)


def sample(name: str = "sample", **options: Any) -> Function:
    defaults: dict[str, Any] = {"code": CODE, "initializer": "sample.initialize"}
    return Function(name, "sample.handler", **{**defaults, **options})


def server(**options: Any) -> Function:
    """A custom runtime: functions/server.py."""
    defaults: dict[str, Any] = {
        "code": CODE,
        "runtime": "custom.debian11",
        "command": ("{python}", "server.py", "{port}"),
        "instance_concurrency": 64,
        "timeout": 20,
    }
    return Function("server", "ignored", **{**defaults, **options})


def at_once(trigger: Trigger, path: str, count: int) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as threads:
        return [asked.result() for asked in [threads.submit(trigger.get, path) for _ in range(count)]]


Serve = Callable[..., Trigger]
