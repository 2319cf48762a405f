"""One run over one runtime: the storm, the calm after it, and the reckoning."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tests.soak.answers import DONE, KILLED, SPOOLED, Unlawful, judged
from tests.soak.client import Client, NoAnswer, Reply
from tests.soak.cloud import Cloud, Runtime
from tests.soak.memory import Memory
from tests.soak.output import Output
from tests.soak.plan import Plan, Recurring, Scale, Upload
from tests.soak.reckoning import check_gone, reckon
from tests.soak.strangers import Strangers
from tests.soak.tally import Tally
from tests.soak.timer import Timer
from tests.soak.weather import SLS, Weather

MARGIN = 5.0  # seconds that an answer may take beyond the function's timeout: a cold start comes on top
LEAST_LEFT = 30  # requests, at least, whose logs are left to replay at the storm's end
_POLL = 0.01  # seconds
_LONGEST_RUN = 20.0  # seconds, of replay, with room to spare
_ROUNDS = 4  # of replay while faults go on
_VICTIMS = ("track", "track", "track", "track", "token", "replay")


class Storm:
    """Runs the clients, kills instances, ticks replay, all at the numbers of requests that the plan says."""

    def __init__(self, seed: int, runtime: Runtime, scale: Scale, *, seconds: float, lifetime: float) -> None:
        """`seconds` bounds the storm, which is to reach its `scale` by then; `lifetime` is an instance's."""
        self.tally = Tally(runtime.name)
        self._runtime, self._scale, self._seconds, self._lifetime = runtime, scale, seconds, lifetime
        self._plan = Plan(seed, runtime.name)
        self._weather = Weather(self._plan, scale)
        self._output = Output()
        self._memory = Memory()
        self._pids: set[int] = set()
        self._numbers = itertools.count(1)
        self._reached = False
        self._aside: set[asyncio.Task[None]] = set()
        self._kills = Recurring(self._plan.chance("kills"), scale.requests / (scale.kills * 1.4 + 0.1))
        self._ticks = Recurring(self._plan.chance("ticks"), scale.requests / 12)
        self._strange = Recurring(self._plan.chance("strangers"), scale.requests / 40)
        self._looks = Recurring(self._plan.chance("looks"), scale.requests / 60)

    def run(self) -> Tally:
        """Do all of it, and return what happened."""
        began = time.monotonic()
        with Cloud(self._runtime, self._weather, self._output, lifetime=self._lifetime) as self._cloud:
            self._timer = Timer(self._cloud.url, self.tally)
            self._strangers = Strangers(
                self._cloud.url, self._plan, self.tally, lambda: self._cloud.host.pids("track")
            )
            asyncio.run(self._rage())
            asyncio.run(self._fill())
            asyncio.run(self._batter())
            self._cloud.clear_up()
            asyncio.run(self._timer.drain(self._cloud.waiting))
            self._look()
            self._conclude()
            closing = time.monotonic()
        check_gone(self.tally, self._pids, time.monotonic() - closing)
        self.tally.seconds = time.monotonic() - began
        return self.tally

    async def _rage(self) -> None:
        """Let the clients send until enough has happened."""
        end = time.monotonic() + self._seconds
        await self._clients(lambda: not self._enough() and time.monotonic() < end)

    async def _fill(self) -> None:
        """Let them send on while SLS refuses everything, so that replay has something to do."""
        self._weather.break_down(SLS, "no such logstore")
        last = self.tally.requests + max(LEAST_LEFT, int(self._scale.requests / 15))
        await self._clients(lambda: self.tally.requests < last)

    async def _batter(self) -> None:
        """Have replay work while faults go on, and kill it every other time in the middle of its work."""
        self._weather.abate()
        for at in range(_ROUNDS):
            chance = self._plan.chance("batter", at)
            runs = [self._timer.tick() for _ in range(chance.choice((1, 2)))]
            if at % 2 == 0:
                runs.append(self._kill_after(chance.randint(3, 12)))
            await asyncio.gather(*runs)

    async def _kill_after(self, writes: int) -> None:
        """Kill an instance of replay once SLS has been asked so many times more, if it comes to that."""
        faults, end = self._cloud.sls.faults, time.monotonic() + _LONGEST_RUN
        last = faults.seen + writes
        while faults.seen < last and self._timer.running and time.monotonic() < end:
            await asyncio.sleep(_POLL)
        if self._timer.running:
            await asyncio.to_thread(self._cloud.host.kill_one, "replay")

    async def _clients(self, more: Callable[[], bool]) -> None:
        """Have all clients send for as long as `more` says, and what else is due then happen."""
        await asyncio.gather(*(self._client(more) for _ in range(self._runtime.clients)))
        if self._aside:
            await asyncio.wait(self._aside)

    async def _client(self, more: Callable[[], bool]) -> None:
        client = Client(self._cloud.url, self._runtime.timeout + 2 * MARGIN)
        try:
            while more():
                number = next(self._numbers)
                self._turn(number)
                await self._send(client, self._plan.upload(number))
        finally:
            client.close()

    def _enough(self) -> bool:
        self._reached = self._reached or (
            len(self.tally.confirmed) >= self._scale.logs
            and self._weather.struck.total() >= self._scale.faults
            and self._cloud.host.kills.total() >= self._scale.kills
        )
        return self._reached

    def _turn(self, number: int) -> None:
        """Do what is due at this number, aside: no client waits for it."""
        self._weather.turn(number)
        chance = self._plan.chance("turn", number)
        if self._kills.due(number):
            self._do(self._kill(chance.choice(_VICTIMS)))
        if self._ticks.due(number):
            for _ in range(chance.choice((1, 1, 2))):
                self._do(self._timer.tick())
        if self._strange.due(number):
            self._do(self._strangers.one(number))
        if self._looks.due(number):
            self._look()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _kill(self, name: str) -> None:
        # A function that has no instance just now leaves its turn to track.
        if await asyncio.to_thread(self._cloud.host.kill_one, name) is None:
            await asyncio.to_thread(self._cloud.host.kill_one, "track")

    async def _send(self, client: Client, upload: Upload) -> None:
        tally = self.tally
        tally.requests += 1
        tally.sent += len(upload.ids)
        request = (upload.method, upload.target, upload.headers, upload.body)
        try:
            if not upload.waits:
                tally.left += 1
                await client.send(*request)
                return
            began = time.monotonic()
            reply = await client.ask(*request)
        except NoAnswer as none:
            self._violate(upload, f"no answer, {none}")
            return
        self._count(upload, reply, time.monotonic() - began)

    def _count(self, upload: Upload, reply: Reply, took: float) -> None:
        tally = self.tally
        tally.slowest = max(tally.slowest, took)
        if took > self._runtime.timeout + MARGIN:
            self._violate(upload, f"answered after {took:.1f} s")
        try:
            answer = judged(upload, reply, took, self._cloud.ram)
        except Unlawful as wrong:
            self._violate(upload, str(wrong))
            return
        tally.answers[answer] += 1
        if answer in (DONE, SPOOLED):
            tally.confirmed.update(upload.ids)
            tally.tokens += upload.kind == "token"
        if answer == SPOOLED:
            tally.spooled += len(upload.ids)

    def _violate(self, upload: Upload, what: str) -> None:
        self.tally.violate("answers", f"request {upload.number}, {upload.kind}: {what}")

    def _look(self) -> None:
        """See which processes there are, and how large."""
        for name in ("track", "token", "replay"):
            pids = self._cloud.host.pids(name)
            self._pids |= pids
            self._memory.sample(name, pids)
        self._memory.sample("this program", [os.getpid()])

    def _conclude(self) -> None:
        tally, scale, cloud = self.tally, self._scale, self._cloud
        reckon(tally, cloud.sls.store.query(limit=1 << 60))
        tally.faults, tally.outages = self._weather.struck, self._weather.outages
        tally.kills, tally.issues, tally.memory = cloud.host.kills, cloud.sts.faults.seen, str(self._memory)
        tally.violate("memory", *self._memory.grown())
        tally.violate("output", *self._output.suspicious)
        if given_up := cloud.rejected():
            tally.violate("given up by replay", f"{given_up} objects")
        if (ended := tally.answers[KILLED]) > tally.kills.total() * self._runtime.at_once:
            tally.violate("answers", f"{ended} from instances that had ended, more than were killed")
        if not self._reached:
            so_much = f"{len(tally.confirmed)} of {scale.logs} logs, {tally.faults.total()} of {scale.faults}"
            tally.violate(
                "too little in the time", f"{so_much} faults, {tally.kills.total()} of {scale.kills} kills"
            )
