"""What the tests of replay share: its settings, batches, a spool in memory, the function as FC runs it."""

from __future__ import annotations

import importlib.util
import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from functions.replay.drain import Drain, Run, Write
from functions.replay.settings import ReplaySettings
from functions.replay.storage import Waiting
from functions.replay.write import Fate, Verdict
from shared.deadline import Deadline
from shared.spool.format import Spooled, object_name, pack

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
WRITTEN = Verdict(Fate.WRITTEN, "")
LATER = Verdict(Fate.LATER, "SLS answered 503 ServerBusy, request id 5F1A")
UNFIT = Verdict(Fate.UNFIT, "SLS answered 400 PostBodyInvalid, request id 5F1A")


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
    return object_name(PREFIX, spooled.received, f"{number:032x}")


class Memory:
    """A spool in memory. `fails` says, by call and object, which calls raise what."""

    def __init__(self, batches: Iterable[Spooled] = (), *, page: int = 1000) -> None:
        self.objects = {name_of(one, at): pack(one) for at, one in enumerate(batches)}
        self.reasons: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.fails: Callable[[str, str], BaseException | None] = lambda _call, _name: None
        self.sizes: dict[str, int] = {}
        self._page = page

    def page(self, prefix: str, after: str) -> list[Waiting]:
        """Return the next objects in the order of their names."""
        self._called("page", after)
        found = sorted(name for name in self.objects if name.startswith(prefix) and name > after)
        return [Waiting(name, self.sizes.get(name, len(self.objects[name]))) for name in found[: self._page]]

    def get(self, waiting: Waiting) -> bytes | None:
        """Return an object's content."""
        self._called("get", waiting.name)
        return self.objects.get(waiting.name)

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._called("delete", name)
        self.objects.pop(name, None)

    def move(self, name: str, to: str, reason: str) -> bool:
        """Move an object, with the reason kept."""
        self._called("move", name)
        if name not in self.objects:
            return False
        self.objects[to] = self.objects.pop(name)
        self.reasons[to] = reason
        return True

    def names(self, prefix: str = PENDING) -> list[str]:
        """Return the names of what is there, in order."""
        return sorted(name for name in self.objects if name.startswith(prefix))

    def _called(self, call: str, name: str) -> None:
        self.calls.append((call, name))
        if failure := self.fails(call, name):
            raise failure


class Sls:
    """Takes writes: says `verdicts` in turn, then WRITTEN; keeps what it has confirmed."""

    def __init__(self, *verdicts: Verdict | Exception) -> None:
        self._verdicts = list(verdicts)
        self.asked: list[Spooled] = []
        self.confirmed: list[Spooled] = []
        self.given: list[float] = []

    def write(self, spooled: Spooled, deadline: Deadline) -> Verdict:
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
    storage: Memory, write: Write, seconds: float = 30, *, confirmed: set[str] | None = None, **settings: str
) -> Run:
    """Do one run."""
    return Drain(
        ReplaySettings.read({**SETTINGS, **settings}),
        storage,
        write,
        Deadline(seconds),
        confirmed=set() if confirmed is None else confirmed,
        request_id="1-64f6",
    ).run()


def fresh_index() -> Any:
    """Return `functions.replay.index` as a new process would load it, sharing nothing with another."""
    spec = importlib.util.find_spec("functions.replay.index")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """Return the project's log lines of an event, read back."""
    found = []
    for record in caplog.records:
        if record.name == "root" and record.levelno >= logging.INFO:
            line: dict[str, Any] = json.loads(record.getMessage())
            if line["event"] == event:
                found.append(line)
    return found
