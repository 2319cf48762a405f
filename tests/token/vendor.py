"""token on its own instance, as FC would call it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.token.service import build
from shared.hosts.builtin import Function
from tests.support.custom import CUSTOM, CustomRuntime
from tests.support.fc import context, event

PATH = "/get_sts_token"


class Reply(NamedTuple):
    """The handler's result; header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Vendor:
    """One instance with the settings of the environment."""

    def __init__(self, timeout: float = 10) -> None:
        self._function = CustomRuntime(build) if CUSTOM else Function(build)
        self._context = context(timeout)

    def initialize(self) -> None:
        self._function.initialize(self._context)

    def send(self, method: str = "GET", path: str = PATH, headers: Mapping[str, str] | None = None) -> Reply:
        answer = self._function.handle(event(method, path, headers=headers), self._context)
        assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
        found = {name.lower(): value for name, value in answer["headers"].items()}
        return Reply(answer["statusCode"], found, answer["body"])
