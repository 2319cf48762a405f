"""An event loop in a thread, for callers outside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 60.0  # seconds that anything run in the loop may take


class Loop:
    """Runs coroutines until it is stopped."""

    def __init__(self, new: Callable[[], asyncio.AbstractEventLoop] = asyncio.SelectorEventLoop) -> None:
        self._loop = new()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, waiting: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result."""
        return asyncio.run_coroutine_threadsafe(waiting, self._loop).result(LONGEST)

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the loop's thread and return its result."""

        async def called() -> T:
            return work()

        return self.run(called())

    def stop(self) -> None:
        """Stop it, and wait for its threads."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST)
        self._loop.close()
