"""What the tests of replay share: its settings, batches, a spool in memory, the function as FC runs it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from functions.replay.drain import Drain, Run
from functions.replay.held import Remembered
from functions.replay.order import WHOLE, Part
from functions.replay.settings import ReplaySettings
from functions.replay.storage import Page, StorageFailed, Waiting
from functions.replay.write import Fate, WriteResult
from functions.replay.writing import Write
from shared.deadline import Deadline
from shared.spool.format import Spooled, object_name, pack, unpack
from tests.support.fc import fresh

PROJECT, LOGSTORE, OTHER = "webtracking-demo", "web-tracking-logstore", "checkout"
BUCKET, PREFIX = "spool-bucket", "webtracking-spool/"
PENDING, REJECTED = f"{PREFIX}pending/", f"{PREFIX}rejected/"
SETTINGS = {
    "SLS_PROJECT": PROJECT,
    "SLS_LOGSTORES": f"{LOGSTORE},{OTHER}",
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "replay",
    "SPOOL_OSS_BUCKET": BUCKET,
}
WRITTEN = WriteResult(Fate.WRITTEN, "")
THROTTLED = WriteResult(Fate.THROTTLED, "SLS answered 403 WriteQuotaExceed, request id 5F1A")
LATER = WriteResult(Fate.LATER, "SLS answered 503 ServerBusy, request id 5F1A")
AWAY = StorageFailed("OSS answered 503 ServiceUnavailable, request id 6", passing=True)
DENIED = StorageFailed("OSS answered 403 AccessDenied, request id 6", passing=False)
UNFIT = WriteResult(Fate.UNFIT, "SLS answered 400 PostBodyInvalid, request id 5F1A")


def batch(
    text: str = "a", *, age: float = 60, logstore: str = LOGSTORE, project: str = PROJECT, logs: int = 1
) -> Spooled:
    """Return a batch of logs that say `text`, received `age` seconds ago."""
    received = int(time.time() - age)
    body = {
        "__topic__": "T",
        "__source__": "",
        "__tags__": {"client_ip": "203.0.113.77"},
        "__logs__": [{"said": text, "at": str(number), "__time__": received} for number in range(logs)],
    }
    return Spooled(project, logstore, received, json.dumps(body).encode())


def name_of(spooled: Spooled, number: int = 0) -> str:
    """Return the object's name of a batch; `number` tells apart what came in the same second."""
    return object_name(PREFIX, spooled.received, f"{number % 16:x}{number:031x}")


class Killed(BaseException):
    """The process ends here."""


class Memory:
    """A spool in memory. `fails` says, by call and object, which calls raise what."""

    def __init__(self, batches: Iterable[Spooled] = (), *, page: int = 1000) -> None:
        self.objects = {name_of(one, at): pack([one]) for at, one in enumerate(batches)}
        self.reasons: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.fails: Callable[[str, str], BaseException | None] = lambda _call, _name: None
        self.sizes: dict[str, int] = {}
        self.keeps: set[str] = set()  # names that no delete removes
        self._page = page

    async def page(self, prefix: str, token: str | None, *, delimiter: str = "", most: int = 1000) -> Page:
        """Return objects in the order of their names."""
        self._called("page", token or prefix)
        entries: dict[str, None] = {}
        for name in sorted(self.objects):
            if name.startswith(prefix):
                end = name.find(delimiter, len(prefix)) if delimiter else -1
                entries[name if end < 0 else name[: end + 1]] = None
        found = [entry for entry in entries if entry > (token or "")]
        page = found[: min(self._page, most)]
        objects = [self._waiting(name) for name in page if name in self.objects]
        folders = [name for name in page if name not in self.objects]
        return Page(objects, folders, page[-1] if len(found) > len(page) else None)

    async def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content."""
        self._called("get", waiting.name)
        return self.objects.get(waiting.name)

    async def put(self, name: str, content: bytes, reason: str | None = None) -> None:
        """Put an object."""
        self._called("put", name)
        self.objects[name] = content
        if reason is not None:
            self.reasons[name] = reason

    async def delete(self, names: Sequence[str]) -> set[str]:
        """Delete objects."""
        self._called("delete", " ".join(names))
        gone = set(names) - self.keeps
        for name in gone:
            self.objects.pop(name, None)
        return gone

    async def move(self, name: str, to: str, reason: str) -> bool:
        """Move an object, with the reason kept."""
        self._called("move", name)
        if name not in self.objects:
            return False
        self.objects[to] = self.objects.pop(name)
        self.reasons[to] = reason
        return True

    def names(self, prefix: str = PENDING) -> list[str]:
        """Return the names of what is there, by time."""
        found = (name for name in self.objects if name.startswith(prefix))
        return sorted(found, key=lambda name: name.rpartition("/")[2])

    def batches(self, prefix: str = PENDING) -> list[Spooled]:
        """Return the batches in what is there, by their objects' time."""
        return [one for name in self.names(prefix) for one in unpack(self.objects[name])]

    def count(self, call: str) -> int:
        """Return how often there was a call."""
        return sum(made == call for made, _ in self.calls)

    def _waiting(self, name: str) -> Waiting:
        content = self.objects[name]
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return Waiting(name, self.sizes.get(name, len(content)), etag)

    def _called(self, call: str, name: str) -> None:
        self.calls.append((call, name))
        if failure := self.fails(call, name):
            raise failure


def shared(*batches: Spooled, number: int = 0) -> Memory:
    """Return a spool with one object."""
    storage = Memory()
    name = object_name(PREFIX, batches[0].received, f"{number:032x}")
    storage.objects[name] = pack(batches)
    return storage


class Sls:
    """Takes writes: says `verdicts` in turn, then WRITTEN; keeps what it has confirmed."""

    def __init__(self, *verdicts: WriteResult | Exception) -> None:
        self._verdicts = list(verdicts)
        self.asked: list[Spooled] = []
        self.confirmed: list[Spooled] = []
        self.given: list[float] = []

    async def write(self, spooled: Spooled, deadline: Deadline) -> WriteResult:
        """Answer one write."""
        self.asked.append(spooled)
        self.given.append(deadline.remaining())
        verdict = self._verdicts.pop(0) if self._verdicts else WRITTEN
        if isinstance(verdict, Exception):
            raise verdict
        if verdict.fate is Fate.WRITTEN:
            self.confirmed.append(spooled)
        return verdict


def drain(
    storage: Memory,
    write: Write,
    seconds: float = 120,
    *,
    remembered: Remembered | None = None,
    part: Part = WHOLE,
    **settings: str,
) -> Run:
    """Do one run, in an event loop of its own."""
    return asyncio.run(a_run(storage, write, seconds, remembered=remembered, part=part, **settings))


async def a_run(
    storage: Memory,
    write: Write,
    seconds: float = 120,
    *,
    remembered: Remembered | None = None,
    part: Part = WHOLE,
    **settings: str,
) -> Run:
    """Do one run in this event loop."""
    return await Drain(
        ReplaySettings.read({**SETTINGS, **settings}),
        storage,
        write,
        Deadline(seconds),
        remembered=Remembered() if remembered is None else remembered,
        request_id="1-64f6",
        part=part,
    ).run()


def fresh_index() -> Any:
    """Return `functions.replay.index` as a new process would load it, sharing nothing with another."""
    return fresh("functions.replay.index")


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """Return the project's log lines of an event, read back."""
    found = []
    for record in caplog.records:
        if record.name == "root" and record.levelno >= logging.INFO:
            line: dict[str, Any] = json.loads(record.getMessage())
            if line["event"] == event:
                found.append(line)
    return found
