"""Logs refusals because the instance is full: at most one line a second for all of them."""

from __future__ import annotations

import asyncio
import logging

from shared.hosts.custom.admission import Admission
from shared.logs import log

INTERVAL = 1.0  # seconds that a line covers


class Refusals:
    """Counts refusals, and logs their number."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._count = 0

    def note(self) -> None:
        """Count one refusal."""
        if not self._count:
            asyncio.get_running_loop().call_later(INTERVAL, self._tell)
        self._count += 1

    def _tell(self) -> None:
        count, self._count = self._count, 0
        admission = self._admission
        held = f"{admission.in_flight} requests in flight, {admission.bytes} bytes of bodies"
        log(logging.ERROR, "full", "", refused=count, seconds=INTERVAL, detail=f"this instance has {held}")
