"""The instances of one function: started on demand up to a maximum, each with a limit of concurrent calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol, cast

from local.fc.answer import Answer
from local.fc.call import Call
from local.fc.errors import Refused
from local.fc.event_instance import EventInstance
from local.fc.function import Function
from local.fc.http_instance import HttpInstance
from local.fc.logs import Log, to_stderr


class Instance(Protocol):
    """A running instance of either kind: its process has started, initialize() comes next."""

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""

    @property
    def must_be_replaced(self) -> bool:
        """Whether it should get no more calls, and be stopped."""

    @property
    def pid(self) -> int:
        """The process's id."""

    async def initialize(self) -> None:
        """Make it ready for calls. On failure, ends the process and raises FunctionFailed."""

    async def invoke(self, call: Call) -> Answer:
        """Answer one call within the timeout. Raises FunctionFailed."""

    async def stop(self) -> None:
        """Stop it, gracefully if it still runs and is ready."""

    def interrupt(self) -> None:
        """Kill its process; calls in flight raise FunctionFailed."""


def start(function: Function, request_id: str, log: Log) -> Instance:
    """Start the kind of instance that the function's runtime needs."""
    kind = HttpInstance if function.custom else EventInstance
    return kind(function, request_id, log)


class _Slot:
    """An instance and the number of its running calls."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.calls = 0
        self.leaving = False
        self.ready = asyncio.ensure_future(instance.initialize())
        self.reaper: asyncio.TimerHandle | None = None

    def has_room(self, at_once: int) -> bool:
        instance = self.instance
        return self.calls < at_once and not self.leaving and not instance.must_be_replaced and instance.alive

    def enter(self) -> None:
        self.calls += 1
        if self.reaper:
            self.reaper.cancel()


class Pool:
    """Sends each call to an instance with capacity or to a new one, or refuses it.

    Use it from one event loop only, except `pids`.
    """

    def __init__(self, function: Function, log: Log = to_stderr) -> None:
        self.function = function
        self._log = log
        self._places: list[_Slot] = []
        self._stopped = False
        self._ends: set[asyncio.Task[None]] = set()

    async def answer(self, call: Call) -> Answer:
        """Answer a call. Raises FunctionFailed; Refused if all instances are busy and no more may start."""
        place = self._enter(call.request_id)
        try:
            await asyncio.shield(place.ready)
            return await place.instance.invoke(call)
        finally:
            await self._leave(place)

    async def handle(self, event: bytes, request_id: str) -> bytes:
        """Return the handler's result for an event, in a built-in runtime. Raises as answer() does."""
        place = self._enter(request_id)
        try:
            await asyncio.shield(place.ready)
            return await cast("EventInstance", place.instance).handle(event, request_id)
        finally:
            await self._leave(place)

    async def warm(self, request_id: str) -> None:
        """Start one instance before the first request. Raises FunctionFailed if it cannot start."""
        place = self._enter(request_id)
        try:
            await asyncio.shield(place.ready)
        finally:
            await self._leave(place)

    @property
    def pids(self) -> set[int]:
        """The process ids of all instances, busy and idle."""
        return {place.instance.pid for place in tuple(self._places)}

    async def kill_one(self) -> int | None:
        """Kill the busiest instance; returns its process id, None if there is none."""
        place = _busiest(place for place in self._places if place.instance.alive)
        if place is None:
            return None
        place.instance.interrupt()
        return place.instance.pid

    async def stop(self) -> None:
        """Stop all instances: idle ones gracefully, busy ones immediately."""
        self._stopped = True
        for place in list(self._places):
            if place.calls:
                place.instance.interrupt()
            else:
                self._end_later(place)
        if self._ends:
            await asyncio.wait(self._ends)

    def _enter(self, request_id: str) -> _Slot:
        self._remove_ended()
        at_once = self.function.instance_concurrency
        place = _busiest(place for place in self._places if place.has_room(at_once))
        if place is None:
            if self._stopped or len(self._places) >= self.function.instances:
                raise Refused.exhausted(self.function.instances)
            place = _Slot(start(self.function, request_id, self._log))
            self._places.append(place)
        place.enter()
        return place

    async def _leave(self, place: _Slot) -> None:
        place.calls -= 1
        if place.calls or place.leaving:
            return
        if not place.instance.alive:
            await self._end(place)
        elif self._stopped or place.instance.must_be_replaced:
            self._retire(place)  # in the background: the answer must not wait for it
        else:
            loop = asyncio.get_running_loop()
            place.reaper = loop.call_later(self.function.idle_timeout, self._end_later, place)

    def _remove_ended(self) -> None:
        """Remove instances without calls that have ended or should be replaced."""
        idle = [place for place in self._places if not place.calls]
        for place in idle:
            if place.instance.must_be_replaced or not place.instance.alive:
                self._retire(place)

    def _retire(self, place: _Slot) -> None:
        """Remove it from the pool now, and stop it in the background."""
        self._places.remove(place)
        self._end_later(place)

    def _end_later(self, place: _Slot) -> None:
        if not place.leaving:
            place.leaving = True
            task = asyncio.ensure_future(self._end(place))
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)

    async def _end(self, place: _Slot) -> None:
        place.leaving = True
        if place.reaper:
            place.reaper.cancel()
        await place.instance.stop()
        if place in self._places:
            self._places.remove(place)


def _busiest(places: Iterable[_Slot]) -> _Slot | None:
    """Return the busiest, ready ones first: filling instances leaves others idle, which can then stop."""
    return max(places, key=lambda place: (place.ready.done(), place.calls), default=None)
