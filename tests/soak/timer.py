"""replay's timer: ticks in the storm, and after it until the spool is empty."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from tests.soak.client import Client, NoAnswer
from tests.soak.tally import Tally

AT_ONCE = 2  # runs of replay, as when one outlasts the minute between two ticks
_MOST = 60  # ticks after the storm
_PATIENCE = 30.0  # seconds; replay's own timeout is shorter


class Timer:
    """Has replay run, and notes how that ended."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._url, self._tally = url, tally
        self.running = 0

    async def tick(self) -> None:
        """Have replay do one run, unless AT_ONCE are under way."""
        if self.running == AT_ONCE:
            return
        client = Client(self._url, _PATIENCE)
        self.running += 1
        try:
            reply = await client.ask("POST", "/replay", {}, b"")
        except NoAnswer as none:
            self._tally.violate("replay", f"no answer, {none}")
            return
        finally:
            self.running -= 1
            client.close()
        line = json.loads(reply.body)
        # What Function Compute says where an instance was killed has other names.
        ended = line.get("ended") or line.get("errorMessage") or line.get("Code")
        self._tally.ticks[str(ended)] += 1
        self._tally.replayed += line.get("written") or 0
        if ended == "failed" or line.get("rejected"):
            self._tally.violate("replay", str(line))

    async def drain(self, waiting: Callable[[], int]) -> None:
        """Tick until nothing waits; at first two at once."""
        await asyncio.gather(*(self.tick() for _ in range(AT_ONCE)))
        for _ in range(_MOST):
            if not waiting():
                return
            await self.tick()
        self._tally.violate("replay", f"{waiting()} objects wait after {_MOST} ticks")
