"""A served function, for the tests of the trigger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.fc.function import Function
from local.fc.host import Host

CODE = Path(__file__).parent / "functions"


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


Serve = Callable[..., Trigger]
