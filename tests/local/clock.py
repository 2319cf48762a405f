"""A clock to turn."""

from __future__ import annotations

import time


class Clock:
    """The stand-in's time: the real one and `ahead` seconds, or `fixed`."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.fixed: float | None = None

    def __call__(self) -> float:
        return time.time() + self.ahead if self.fixed is None else self.fixed
