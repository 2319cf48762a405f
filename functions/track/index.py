"""track's entry points on Function Compute: `index.handler` and `index.initialize`."""

from __future__ import annotations

from typing import Any

from functions.track.service import build
from shared.hosts.builtin.function import Function

_function = Function(build)


def initialize(context: object) -> None:
    """Check the settings, once an instance; a bad one fails the start with its name and what it holds."""
    _function.initialize(context)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP trigger event."""
    return _function.handle(event, context)
