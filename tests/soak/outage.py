"""The drill: SLS away under full load, the spool full, SLS back with a quota; then nothing may be lost.

Clients that never pause send to the concurrent host, which puts every batch into the spool, until so many are
there. Then SLS comes back and throttles, and instances of replay, one for each part, empty the spool; one of
them is killed in the middle of its work. At the end what was answered 200 has to be in SLS.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from local.faults import Fault
from local.fc.function import ROOT
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from local.sls.quotas import WriteQuota
from local.sls.store import StoredLog
from shared.spool.format import pending
from shared.spool.settings import PREFIX
from tests.soak.client import Client, NoAnswer
from tests.soak.memory import highest
from tests.soak.plan import LOGSTORES, checksum
from tests.support.ports import free_port

PROJECT, BUCKET = "soak", "soak-spool"
PATIENCE = 30.0  # seconds that a client waits
KILL_AT = 0.3  # of the batches, written: then one instance of replay is killed
_STARTED = 60.0  # seconds in which the host has to listen
# How SLS may be away. Where it refuses, every request asks it, and spools at once; where it hangs, those that
# ask it wait; where it stores and hangs, what they spool then is there twice.
AWAY = {
    "refuses": Fault.status(404, code="ProjectNotExist"),
    "hangs": Fault.hang(),
    "stores and hangs": Fault.hang(stage="handled"),
}


class Size(NamedTuple):
    """How large a drill is."""

    batches: int = 100_000
    parts: int = 1
    clients: int = 64
    quota: int | None = 500  # writes a second of each Logstore, once SLS is back: what one shard takes
    away: str = "refuses"  # of AWAY
    seconds: float = math.inf  # that the outage lasts at most; then the spool is emptied of what is there
    kill: bool = True  # an instance of replay


@dataclass
class Drilled:
    """What a drill came to."""

    size: Size
    confirmed: set[str] = field(default_factory=set)  # ids of the logs answered 200, one a batch
    other_answers: int = 0
    took: list[float] = field(default_factory=list)  # seconds of each request, whatever its answer
    objects: int = 0  # in the spool, when SLS came back
    puts: int = 0  # requests to OSS meanwhile
    asked: int = 0  # requests to SLS meanwhile
    filling: float = 0.0  # seconds
    draining: float = 0.0  # seconds
    runs: list[dict[str, Any]] = field(default_factory=list)  # what replay said of each
    killed: bool = False
    stored: int = 0
    lost: int = 0
    duplicates: int = 0
    changed: int = 0
    throttled: int = 0
    track_memory: float = 0.0  # MB
    left: int = 0

    @property
    def replay_memory(self) -> float:
        """The most that an instance of replay has had, in MB."""
        return max((run["MB"] for run in self.runs), default=0.0)

    @property
    def _too_few(self) -> bool:
        return len(self.confirmed) < self.size.batches and self.filling < self.size.seconds

    def within(self, share: float) -> float:
        """Return the seconds in which this share of the requests was answered."""
        return sorted(self.took)[math.ceil(share * len(self.took)) - 1] if self.took else 0.0

    @property
    def violations(self) -> list[str]:
        """What must not have happened."""
        rejected = sum(run["rejected"] for run in self.runs)
        failed = [run for run in self.runs if run["ended"] in ("failed", "refused")]
        found = {
            f"{self.lost} lost of {len(self.confirmed)} answered 200": self.lost,
            f"{self.changed} stored otherwise than sent": self.changed,
            f"{self.left} objects left": self.left,
            f"{rejected} rejected": rejected,
            f"runs that failed: {failed}": failed,
            f"{len(self.confirmed)} spooled of {self.size.batches}": self._too_few,
            f"replay took {self.replay_memory:.0f} MB": self.replay_memory > 200,
        }
        return [what for what, happened in found.items() if happened]

    def __str__(self) -> str:
        count = len(self.confirmed) or 1
        values = {
            "spooled": f"{count} batches in {self.filling:.0f} s, {count / self.filling:.0f} a second",
            "away": f"SLS {self.size.away}, asked {self.asked} times; {self.other_answers} requests not 200",
            "answered": f"half in {self.within(0.5):.3f} s, 99 % in {self.within(0.99):.3f} s, "
            f"all in {self.within(1):.3f} s",
            "objects": f"{self.objects}, {self.puts / self.filling:.0f} requests to OSS a second",
            "drained": f"{self.draining:.0f} s, {count / self.draining:.0f} a second",
            "parts": str(self.size.parts),
            "quota": f"{self.size.quota} writes a second and Logstore; {self.throttled} throttled",
            "runs": f"{len(self.runs)}, {sum(run['setbacks'] for run in self.runs)} setbacks",
            "lost": str(self.lost),
            "duplicates": f"{self.duplicates}, {self.duplicates / count:.2%} of the logs"
            + (", one instance of replay killed" if self.killed else ""),
            "memory": f"host {self.track_memory:.0f} MB, replay {self.replay_memory:.0f} MB",
        }
        lines = [f"  {name:<11} {value}" for name, value in values.items()]
        return "\n".join(["outage", *lines, *(f"VIOLATED {one}" for one in self.violations)])


class Drill:
    """One drill; `run` does all of it."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._drilled = Drilled(size)
        self._numbers = itertools.count()
        self._said: dict[int, IO[str]] = {}  # by the instance's process id

    def run(self) -> Drilled:
        """Fill the spool, empty it, and count."""
        with ExitStack() as stack:
            self._start(stack)
            self._sls.faults.add(AWAY[self._size.away])
            with self._host() as url:
                began, before = time.monotonic(), self._oss.faults.seen
                asyncio.run(self._fill(url))
                self._drilled.filling = time.monotonic() - began
                self._drilled.puts = self._oss.faults.seen - before
                self._drilled.asked = self._sls.faults.seen
            self._drilled.objects = self._waiting()
            self._come_back()
            stored, began, seen = len(self._stored()), time.monotonic(), self._sls.faults.seen
            self._drain(kill_at=seen + int(KILL_AT * len(self._drilled.confirmed)))
            self._drilled.draining = time.monotonic() - began
            self._reckon(self._sls.faults.seen - seen + stored)
        return self._drilled

    def _start(self, stack: ExitStack) -> None:
        ram = Ram()
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-"))
        self._sls = SlsStandIn(ram, database=Path(folder) / "logs.db")
        stack.callback(self._sls.close)
        for logstore in LOGSTORES:
            self._sls.create(PROJECT, logstore)
        self._oss = OssStandIn(ram)
        stack.callback(self._oss.close)
        self._oss.create(BUCKET)
        urls = [stack.enter_context(Server(app)).url for app in (self._sls.app, self._oss.app)]
        everything = {"Effect": "Allow", "Action": ["log:PostLogStoreLogs", "oss:*"], "Resource": "*"}
        key = ram.add_user("drill", [{"Version": "1", "Statement": [everything]}])
        self._environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "FC_REGION": "cn-hangzhou",
            "FC_FUNCTION_NAME": "drill",
            "SLS_PROJECT": PROJECT,
            "SLS_LOGSTORES": ",".join(LOGSTORES),
            "SLS_ENDPOINT": urls[0],
            "SPOOL_OSS_BUCKET": BUCKET,
            "SPOOL_OSS_ENDPOINT": urls[1],
            "CONCURRENCY": str(self._size.clients),
            "REQUEST_LOG": "problems",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
        }

    @contextmanager
    def _host(self) -> Iterator[str]:
        """Run the concurrent host, and see how much memory it takes."""
        port = free_port()
        command = [sys.executable, "-m", "functions.track", "--host", "127.0.0.1", "--port", str(port)]
        with subprocess.Popen(command, env=self._environ, stdout=subprocess.DEVNULL) as process:
            try:
                _await(port)
                yield f"http://127.0.0.1:{port}"
                self._drilled.track_memory = highest(process.pid)
            finally:
                process.terminate()

    async def _fill(self, url: str) -> None:
        await asyncio.gather(*(self._client(Client(url, PATIENCE)) for _ in range(self._size.clients)))

    async def _client(self, client: Client) -> None:
        """Send until there are enough; what is not answered 200 is not counted, and may be stored or not."""
        end = time.monotonic() + self._size.seconds
        try:
            while len(self._drilled.confirmed) < self._size.batches and time.monotonic() < end:
                number = next(self._numbers)
                name, logstore = f"drill-{number}", LOGSTORES[number % len(LOGSTORES)]
                log = {"id": name, "to": logstore, "text": f"what page {name} says"}
                body = json.dumps({"__logs__": [{**log, "sum": checksum(log)}]}).encode()
                began = time.monotonic()
                try:
                    reply = await client.ask("POST", f"/logstores/{logstore}/track", {}, body)
                except NoAnswer:
                    self._drilled.other_answers += 1
                    continue
                finally:
                    self._drilled.took.append(time.monotonic() - began)
                if reply.status == 200 and reply.headers.get("x-log-spooled") == "1":
                    self._drilled.confirmed.add(name)
                else:
                    self._drilled.other_answers += 1
        finally:
            client.close()

    def _come_back(self) -> None:
        for logstore in LOGSTORES:
            self._sls.create(PROJECT, logstore, quota=WriteQuota(writes=self._size.quota))
        self._sls.faults.clear()

    def _drain(self, kill_at: int) -> None:
        """Run an instance for each part, and another in the place of the one that is killed."""
        running = {part: self._instance(part) for part in range(self._size.parts)}
        while running:
            time.sleep(0.05)
            if self._size.kill and not self._drilled.killed and self._sls.faults.seen >= kill_at:
                self._drilled.killed = True
                part, process = next(iter(running.items()))
                process.kill()
                self._take(process)
                running[part] = self._instance(part)
            for part, process in list(running.items()):
                if process.poll() is not None:
                    self._take(process)
                    del running[part]

    def _instance(self, part: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.soak.replayer", str(part), str(self._size.parts)]
        # Into a file: a pipe that is read at the end only may fill up before.
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when it has been read
        process = subprocess.Popen(
            command, env=self._environ, stdout=said, stderr=subprocess.DEVNULL, text=True
        )
        self._said[process.pid] = said
        return process

    def _take(self, process: subprocess.Popen[str]) -> None:
        """Read what an instance has said."""
        process.wait()
        with self._said.pop(process.pid) as said:
            said.seek(0)
            self._drilled.runs += [json.loads(line) for line in said if line.endswith("}\n")]

    def _waiting(self) -> int:
        return sum(name.startswith(pending(PREFIX)) for name in self._oss.objects(BUCKET))

    def _stored(self) -> Sequence[StoredLog]:
        return self._sls.store.query(limit=1 << 60)

    def _reckon(self, requests: int) -> None:
        drilled, logs = self._drilled, self._stored()
        found = {log.fields["id"] for log in logs}
        drilled.stored, drilled.lost = len(logs), len(drilled.confirmed - found)
        drilled.duplicates = len(logs) - len(found)
        drilled.changed = sum(log.fields.get("sum") != checksum(log.fields) for log in logs)
        drilled.throttled, drilled.left = requests - len(logs), self._waiting()


def _await(port: int) -> None:
    """Return once something listens. Raises TimeoutError."""
    end = time.monotonic() + _STARTED
    while time.monotonic() < end:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the host does not listen")
