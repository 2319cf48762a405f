"""Turns for large bodies: one is parsed at a time, and the total size of the data for SLS is limited.

A parsed body takes many times the memory of its text, and the parser holds the interpreter's lock. So large
bodies are parsed in a separate thread, one after the other; between two steps, the event loop serves other
requests. Data for SLS is kept until SLS has confirmed it, so its memory is reserved before a body is parsed:
above `HELD` bytes, the next body waits until SLS has confirmed others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from shared.deadline import Deadline

SMALL = 64 * 1024  # bytes of a body that needs no turn: it is parsed within 2 ms
HELD = 224 * 1024 * 1024  # bytes of forwarded bodies of all requests: 64 of 3 MB and slightly more
# Bytes that are forwarded for each byte of a body, at most (functions/track/limits.py, MAX_FORWARDED).
GROWTH = 2

# A body waits for its turn for at most this part of the request's remaining time. The first write attempt
# gets most of the rest (functions/track/delivery.py), which is enough even if SLS is slow.
WAIT = 0.5

T = TypeVar("T")


class _Waiting(NamedTuple):
    size: int
    granted: asyncio.Future[None]


class Turns:
    """The turns of one event loop, first come, first served."""

    def __init__(self, held: int = HELD) -> None:
        self._held = self._free = held
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, "large-bodies")  # starts with the first large body

    def turn(self, size: int, deadline: Deadline) -> Turn:
        """Return the turn of a body of up to `size` bytes."""
        return Turn(self, size, deadline)

    async def reserve(self, size: int, deadline: Deadline) -> int:
        """Reserve `size` bytes, at most the total, and return the number.

        Raises TimeoutError at the deadline.
        """
        size = min(size, self._held)
        if not self._waiting and size <= self._free:
            self._free -= size
            return size
        await self._wait(size, deadline.left())
        return size

    def give_back(self, size: int) -> None:
        """Release reserved bytes."""
        self._free += size
        while self._waiting and self._waiting[0].size <= self._free:
            first = self._waiting.popleft()
            if not first.granted.done():
                self._free -= first.size
                first.granted.set_result(None)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread for large bodies and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _wait(self, size: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(size, loop.create_future())
        self._waiting.append(waiting)
        timer = loop.call_later(seconds, _too_late, waiting.granted)
        try:
            await waiting.granted
        except BaseException:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self.give_back(0)  # the next in the queue may need less
            elif _was_granted(waiting.granted):  # this request was cancelled after the grant
                self.give_back(size)
            raise
        finally:
            timer.cancel()


class Turn:
    """One request's turn; an asynchronous context manager. Entering raises TimeoutError."""

    __slots__ = ("_begin_by", "_kept", "_size", "_turns")

    def __init__(self, turns: Turns, size: int, deadline: Deadline) -> None:
        self._turns, self._size = turns, size
        self._begin_by = deadline
        self._kept = 0

    async def __aenter__(self) -> Turn:
        if self._size > SMALL:
            self._begin_by = self._begin_by.within(WAIT * self._begin_by.remaining())
            self._kept = await self._turns.reserve(self._size * GROWTH, self._begin_by)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.keep(0)

    async def work(self, work: Callable[[], T]) -> T:
        """Run `work`, which parses the body, and return its result; a large body in the thread.

        Raises TimeoutError if its turn comes too late.
        """
        if self._size <= SMALL:
            return work()
        return await self._turns.run(self._in_time(work))

    def keep(self, size: int) -> None:
        """Reduce the reserved memory to `size` bytes."""
        if size < self._kept:
            given, self._kept = self._kept - size, size
            self._turns.give_back(given)

    def _in_time(self, work: Callable[[], T]) -> Callable[[], T]:
        def begin() -> T:
            self._begin_by.left()
            return work()

        return begin


def _too_late(granted: asyncio.Future[None]) -> None:
    if not granted.done():
        granted.set_exception(TimeoutError("too many large bodies at once"))


def _was_granted(granted: asyncio.Future[None]) -> bool:
    return granted.done() and not granted.cancelled() and granted.exception() is None
