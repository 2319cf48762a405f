"""track's entry points on Function Compute: `index.handler` and `index.initialize`."""

from __future__ import annotations

from typing import Any

from functions.track.service import build
from shared.function import Function

_function = Function(build)


def initialize(context: object) -> None:  # noqa: ARG001 - FC's signature
    """Check the settings once an instance; a bad one fails the start with its name and what it holds."""
    _function.start()


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP trigger event."""
    return _function.handle(event, context)
