"""The instances of one function: started on demand up to a cap, each with room for so many calls at once."""

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
    """A running instance, of whichever kind: its process has started, initialize() comes next."""

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""

    @property
    def worn_out(self) -> bool:
        """Whether it should get no more calls, and end."""

    @property
    def pid(self) -> int:
        """The process's id."""

    async def initialize(self) -> None:
        """Make it ready for calls. Raises FunctionFailed; the process has ended then."""

    async def invoke(self, call: Call) -> Answer:
        """Answer one call, in time. Raises FunctionFailed."""

    async def stop(self) -> None:
        """End it, in good order if it still runs and is ready."""

    def interrupt(self) -> None:
        """Kill its process; calls in flight raise FunctionFailed."""


def start(function: Function, request_id: str, log: Log) -> Instance:
    """Start the kind of instance that the function's runtime takes."""
    kind = HttpInstance if function.custom else EventInstance
    return kind(function, request_id, log)


class _Place:
    """An instance and the calls that it has."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.calls = 0
        self.leaving = False
        self.ready = asyncio.ensure_future(instance.initialize())
        self.reaper: asyncio.TimerHandle | None = None

    def has_room(self, at_once: int) -> bool:
        instance = self.instance
        return self.calls < at_once and not self.leaving and not instance.worn_out and instance.alive

    def enter(self) -> None:
        self.calls += 1
        if self.reaper:
            self.reaper.cancel()


class Pool:
    """Hands each call to an instance that has room, or to a new one, or refuses it.

    For one event loop, but for `pids`.
    """

    def __init__(self, function: Function, log: Log = to_stderr) -> None:
        self.function = function
        self._log = log
        self._places: list[_Place] = []
        self._stopped = False
        self._ends: set[asyncio.Task[None]] = set()

    async def answer(self, call: Call) -> Answer:
        """Answer a call. Raises Refused when every instance that may run is full, or FunctionFailed."""
        place = self._enter(call.request_id)
        try:
            await asyncio.shield(place.ready)
            return await place.instance.invoke(call)
        finally:
            await self._leave(place)

    async def handle(self, event: bytes, request_id: str) -> bytes:
        """Return what the handler makes of an event, in a built-in runtime. Raises as answer() does."""
        place = self._enter(request_id)
        try:
            await asyncio.shield(place.ready)
            return await cast("EventInstance", place.instance).handle(event, request_id)
        finally:
            await self._leave(place)

    async def warm(self, request_id: str) -> None:
        """Have one instance ready before the first request. Raises FunctionFailed if it cannot start."""
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
        """Kill the busiest instance without a warning; its process id, None if there is none."""
        place = _busiest(place for place in self._places if place.instance.alive)
        if place is None:
            return None
        place.instance.interrupt()
        return place.instance.pid

    async def stop(self) -> None:
        """End all instances: the idle in good order, the busy at once."""
        self._stopped = True
        for place in list(self._places):
            if place.calls:
                place.instance.interrupt()
            else:
                self._end_later(place)
        if self._ends:
            await asyncio.wait(self._ends)

    def _enter(self, request_id: str) -> _Place:
        self._bury()
        at_once = self.function.instance_concurrency
        place = _busiest(place for place in self._places if place.has_room(at_once))
        if place is None:
            if self._stopped or len(self._places) >= self.function.instances:
                raise Refused.exhausted(self.function.instances)
            place = _Place(start(self.function, request_id, self._log))
            self._places.append(place)
        place.enter()
        return place

    async def _leave(self, place: _Place) -> None:
        place.calls -= 1
        if place.calls or place.leaving:
            return
        if not place.instance.alive:
            await self._end(place)
        elif self._stopped or place.instance.worn_out:
            self._let_go(place)  # which may take its time; the answer should not
        else:
            loop = asyncio.get_running_loop()
            place.reaper = loop.call_later(self.function.idle_timeout, self._end_later, place)

    def _bury(self) -> None:
        """Make room where an instance has ended, or is past its time, and has no call."""
        idle = [place for place in self._places if not place.calls]
        for place in idle:
            if place.instance.worn_out or not place.instance.alive:
                self._let_go(place)

    def _let_go(self, place: _Place) -> None:
        """Make room for another at once, and end this one."""
        self._places.remove(place)
        self._end_later(place)

    def _end_later(self, place: _Place) -> None:
        if not place.leaving:
            place.leaving = True
            task = asyncio.ensure_future(self._end(place))
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)

    async def _end(self, place: _Place) -> None:
        place.leaving = True
        if place.reaper:
            place.reaper.cancel()
        await place.instance.stop()
        if place in self._places:
            self._places.remove(place)


def _busiest(places: Iterable[_Place]) -> _Place | None:
    """Of those that are ready before those that start; full ones leave others idle, which then can go."""
    return max(places, key=lambda place: (place.ready.done(), place.calls), default=None)
