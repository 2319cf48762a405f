"""An event loop in its own thread: the host is used from a server's event loop and from plain threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Value = TypeVar("Value")

_CLOSE_TIMEOUT = 10  # seconds for running coroutines to finish


class Closed(Exception):
    """The loop accepts no more coroutines."""


class LoopThread:
    """Runs coroutines from any thread; its own thread starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    def submit(self, coroutine: Coroutine[Any, Any, Value]) -> Future[Value]:
        """Run a coroutine in the loop's thread. Raises Closed after close()."""
        with self._lock:
            if self._closing:
                coroutine.close()
                raise Closed
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop or self._start())

    def close(self) -> None:
        """Wait for running coroutines, then end the thread. A second call does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(_finish(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
        self._thread.start()
        return self._loop


async def _finish() -> None:
    loop = asyncio.get_running_loop()
    # A finished request may leave a task that stops its instance, so repeat until none is left.
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        _, late = await asyncio.wait(tasks, timeout=_CLOSE_TIMEOUT)
        for task in late:
            task.cancel()
    await loop.shutdown_default_executor()
