"""replay's entry points on Function Compute: `index.handler` and `index.initialize`, for a timer trigger."""

from __future__ import annotations

from typing import Any

from functions.replay.timer import Replay

_replay = Replay()


def initialize(context: object) -> None:  # noqa: ARG001 - FC's signature
    """Check the settings, once per instance. Raises SettingError, so that the start fails."""
    _replay.start()


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Empty the spool, or the part that the timer's payload names, as far as time allows."""
    return _replay.tick(event, context)
