"""A served function, for the tests of the trigger."""

from __future__ import annotations

import os
import time
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


def until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Ended with all its threads, but perhaps not yet collected by whoever inherited it.
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return Path("/proc/self").exists()


def at_once(trigger: Trigger, path: str, count: int) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as threads:
        return [asked.result() for asked in [threads.submit(trigger.get, path) for _ in range(count)]]


Serve = Callable[..., Trigger]
