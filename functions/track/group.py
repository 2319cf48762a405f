"""Group commit: batches that arrive together share one object of the spool: one PUT, one confirmation.

In an outage every upload goes to the spool, in a custom runtime up to 200 at once. One PUT each would be
thousands a second, more than OSS allows. So a batch waits a few milliseconds for others, longer while another
object is being written; a group is limited in time, number and bytes. Used only in an event loop: an instance
that serves one request at a time has nothing to group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.spool.format import Spooled

LINGER = 0.005  # seconds that the first batch of a group waits for others
LONGEST = 0.05  # seconds that it waits while an earlier object is being written
MOST_BATCHES = 200  # in a group; the maximum of an instance's concurrent requests
MOST_BYTES = 1024 * 1024  # of bodies in a group; a larger body is written alone
SHORT = 1.0  # seconds; a request with less time left does not wait for others

Store = Callable[[Sequence[Spooled], Credentials, Deadline, Deadline], Awaitable[str | None]]
"""Writes batches as one object; returns None when OSS has confirmed it, else the reason. It retries once if
there is no confirmation by the first deadline, and gives up at the second."""


class _Group:
    """Batches that share an object."""

    def __init__(self) -> None:
        self.batches: list[Spooled] = []
        self.size = 0  # bytes
        self.credentials: Credentials | None = None
        self.deadlines: list[Deadline] = []
        self.lingered = False
        self.result: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.timers: list[asyncio.TimerHandle] = []

    def add(self, batch: Spooled, credentials: Credentials, deadline: Deadline) -> None:
        self.batches.append(batch)
        self.size += len(batch.body)
        self.credentials = credentials  # the latest request's are valid for the longest time
        self.deadlines.append(deadline)

    @property
    def full(self) -> bool:
        return len(self.batches) >= MOST_BATCHES or self.size >= MOST_BYTES


class Groups:
    """The groups of one event loop: at most one accepts batches, the others are being written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: _Group | None = None
        self._on_their_way: set[asyncio.Task[None]] = set()

    async def put(self, batch: Spooled, credentials: Credentials, deadline: Deadline) -> str | None:
        """Return None when the object with the batch is confirmed, else the reason, by the deadline."""
        if deadline.remaining() < SHORT:
            half = deadline.within(deadline.remaining() / 2)
            return await self._store([batch], credentials, half, deadline)
        group = self._join(batch, credentials, deadline)
        try:
            # Shielded: a cancelled request must not cancel the write of the others.
            return await asyncio.wait_for(asyncio.shield(group.result), deadline.remaining())
        except asyncio.TimeoutError:
            return "OSS cannot be reached: out of time"

    def _join(self, batch: Spooled, credentials: Credentials, deadline: Deadline) -> _Group:
        if self._open is not None and self._open.size + len(batch.body) > MOST_BYTES:
            self._send(self._open)
        group = self._open or self._begin()
        group.add(batch, credentials, deadline)
        if group.full:
            self._send(group)
        return group

    def _begin(self) -> _Group:
        group = self._open = _Group()
        loop = asyncio.get_running_loop()
        group.timers = [
            loop.call_later(LINGER, self._lingered, group),
            loop.call_later(LONGEST, self._send, group),
        ]
        return group

    def _lingered(self, group: _Group) -> None:
        group.lingered = True
        if not self._on_their_way:
            self._send(group)

    def _send(self, group: _Group) -> None:
        for timer in group.timers:
            timer.cancel()
        self._open = None
        task = asyncio.get_running_loop().create_task(self._deliver(group))
        self._on_their_way.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._on_their_way.discard(task)
        if self._open is not None and self._open.lingered and not self._on_their_way:
            self._send(self._open)

    async def _deliver(self, group: _Group) -> None:
        """Write the object: first in half of the shortest time that a request has left, then once more.

        The second attempt may last as long as the longest request; each request waits until its own deadline.
        """
        assert group.credentials is not None  # noqa: S101 - a group begins with a batch
        first = Deadline(min(one.remaining() for one in group.deadlines) / 2)
        last = Deadline(max(one.remaining() for one in group.deadlines))
        try:
            outcome = await self._store(group.batches, group.credentials, first, last)
        except Exception as error:  # noqa: BLE001 - handed on to each request, which logs it as its own
            group.result.set_exception(error)
            group.result.exception()  # retrieved, in case no request waits any more
        else:
            group.result.set_result(outcome)
