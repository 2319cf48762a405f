"""SLS stores each write and answers late: how many logs are there twice, though nothing is broken.

Clients send through either runtime while SLS takes a time at random, up to `longest` seconds, for each
answer. A write that is given up before its answer came is spooled, and then its logs are there twice.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import NamedTuple

from local.exchange import Exchange
from local.faults import Fault, Faults
from tests.soak.answers import DONE, SPOOLED, Unlawful, judged
from tests.soak.client import Client, NoAnswer
from tests.soak.cloud import BUILTIN, CUSTOM, Cloud, Runtime
from tests.soak.output import Output
from tests.soak.plan import Plan, Scale
from tests.soak.reckoning import reckon
from tests.soak.tally import Tally
from tests.soak.timer import Timer
from tests.soak.weather import SLS, Weather

MOST = 0.01  # of the logs may be there twice
LONGEST = 6.0  # seconds until SLS answers, at most
# With the timeout of s.yaml, and as many clients as find a place.
RUNTIMES = {
    BUILTIN.name: BUILTIN._replace(clients=16, instances=16, timeout=10),
    CUSTOM.name: CUSTOM._replace(clients=64, instances=2, at_once=32),
}
_PATIENCE = 20.0  # seconds that a client waits
_LIFETIME = 3600.0  # seconds of an instance: none is replaced


class Slow(NamedTuple):
    """How a run over one runtime is to be."""

    runtime: Runtime
    seed: int = 1
    logs: int = 2000  # to be answered 200
    longest: float = LONGEST

    def run(self) -> Slowed:
        """Send, empty the spool, and count."""
        return _Run(self).run()


class Slowed(NamedTuple):
    """What a run came to."""

    asked: Slow
    tally: Tally

    @property
    def share(self) -> float:
        """The share of logs that are there once more than they were sent."""
        return self.tally.duplicates / max(len(self.tally.confirmed), 1)

    @property
    def violations(self) -> list[str]:
        """What must not have happened."""
        too_many = f"{self.tally.runtime}: {self.share:.2%} of the logs are there twice, {MOST:.0%} may be"
        return [*self.tally.violations, *([too_many] if self.share > MOST else [])]

    def __str__(self) -> str:
        tally = self.tally
        values = {
            "sent": f"{tally.requests} requests in {tally.seconds:.0f} s",
            "answered 200": f"{len(tally.confirmed)} logs",
            "slowest": f"{tally.slowest:.1f} s",
            "spooled": f"{tally.spooled} logs",
            "in SLS": f"{tally.stored} logs, {tally.duplicates} of them duplicates, {self.share:.2%}",
            "lost": str(tally.lost),
        }
        title = f"{tally.runtime}, SLS answers within {self.asked.longest:g} s"
        lines = [title, *(f"  {name:<13} {value}" for name, value in values.items())]
        return "\n".join([*lines, *(f"VIOLATED {one}" for one in self.violations)])


class _SlowWeather(Weather):
    """Nothing fails; SLS does its work, and answers later."""

    def __init__(self, plan: Plan, longest: float) -> None:
        super().__init__(plan, Scale(logs=1, faults=0, kills=0))
        self.lag = 0.0
        self._longest, self._delays = longest, plan.chance("delays")

    def rule(self, service: str, faults: Faults) -> None:
        if service == SLS:
            faults.add(Fault("slow", self._answer_late))

    async def _answer_late(self, exchange: Exchange, faults: Faults) -> None:
        seconds = self._delays.uniform(0, self._longest)
        await Fault.hang(seconds, stage="handled").strike(exchange, faults)


class _Run:
    def __init__(self, asked: Slow) -> None:
        self._asked = asked
        self._plan = Plan(asked.seed, asked.runtime.name)
        self._tally = Tally(asked.runtime.name)
        self._numbers = itertools.count(1)
        self._output = Output()

    def run(self) -> Slowed:
        tally, weather = self._tally, _SlowWeather(self._plan, self._asked.longest)
        with Cloud(self._asked.runtime, weather, self._output, lifetime=_LIFETIME) as self._cloud:
            began = time.monotonic()
            asyncio.run(self._send())
            tally.seconds = time.monotonic() - began
            self._cloud.clear_up()
            asyncio.run(Timer(self._cloud.url, tally).drain(self._cloud.waiting))
            reckon(tally, self._cloud.sls.store.query(limit=1 << 60))
            tally.violate("output", *self._output.suspicious)
        return Slowed(self._asked, tally)

    async def _send(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self._asked.runtime.clients)))

    async def _client(self) -> None:
        client = Client(self._cloud.url, _PATIENCE)
        try:
            while len(self._tally.confirmed) < self._asked.logs:
                await self._one(client, next(self._numbers))
        finally:
            client.close()

    async def _one(self, client: Client, number: int) -> None:
        upload, tally = self._plan.upload(number), self._tally
        if upload.kind == "token":
            return
        tally.requests += 1
        began = time.monotonic()
        try:
            reply = await client.ask(upload.method, upload.target, upload.headers, upload.body)
            answer = judged(upload, reply, time.monotonic() - began, self._cloud.ram)
        except (NoAnswer, Unlawful) as wrong:
            tally.violate("answers", f"request {number}: {wrong}")
            return
        tally.slowest = max(tally.slowest, time.monotonic() - began)
        if answer in (DONE, SPOOLED):
            tally.confirmed.update(upload.ids)
            tally.spooled += len(upload.ids) * (answer == SPOOLED)
