"""token's entry points on Function Compute: `index.handler` and `index.initialize`."""

from __future__ import annotations

from typing import Any

from functions.token.service import build
from shared.hosts.builtin.function import Function

_function = Function(build)


def initialize(context: object) -> None:
    """Check the settings and fetch the first credential, once an instance.

    A bad setting fails the start with its name and what it holds; STS being away does not.
    """
    _function.initialize(context)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP trigger event."""
    return _function.handle(event, context)
