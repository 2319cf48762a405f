"""What the trigger passes to an instance."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope


class Call(NamedTuple):
    """One request that the trigger has accepted; `now` is the time of receipt, seconds since the epoch."""

    scope: Scope
    body: bytes
    request_id: str
    now: float
