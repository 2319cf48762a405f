"""Everything that is left to chance, drawn from one seed.

What a client sends is decided by the number of its request, and what goes wrong by the numbers of requests
too, never by the clock: the same seed sends the same and breaks the same, however fast the machine is.
"""

from __future__ import annotations

import gzip
import json
import random
import string
import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

LOGSTORES = ("clicks", "checkout")
PRIVATE = "confided"  # in every log's text, so that the functions' output can be searched for it
LARGEST_BATCH = 20  # logs
LOGS_A_REQUEST = 4.2  # on average, roughly
ORIGIN = "https://shop.example.com"

_LETTERS = string.ascii_letters + string.digits + '      äß中文😀"\\'
_USUAL = {"Origin": ORIGIN, "User-Agent": "soak/1 (a browser, for the time being)"}


class Upload(NamedTuple):
    """One request to track or token; `ids` are those of the logs it carries, none for token."""

    number: int
    kind: str  # post, get, pixel or token
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    ids: tuple[str, ...]
    waits: bool  # False: the client goes away without waiting for an answer


class Scale(NamedTuple):
    """How much is to happen in one run over one runtime."""

    logs: int  # to be answered 200
    faults: int
    kills: int

    @property
    def requests(self) -> float:
        """How many requests the logs will take, roughly: not all are answered 200."""
        return max(self.logs / LOGS_A_REQUEST * 1.3, 40)


class Recurring:
    """Something that comes round every `gap` requests, on average."""

    def __init__(self, chance: random.Random, gap: float) -> None:
        self._chance, self._gap = chance, gap
        self._next = 1 + int(chance.uniform(0.3, 1) * gap)

    def due(self, number: int) -> bool:
        """Whether its turn is at this request; to be asked for each number, in their order."""
        if number < self._next:
            return False
        self._next = number + max(1, round(self._chance.uniform(0.5, 1.5) * self._gap))
        return True


class Plan:
    """What one seed means for one run; `phase` tells the runs of a soak apart."""

    def __init__(self, seed: int, phase: str) -> None:
        self._seed, self._phase = seed, phase

    def chance(self, *of: object) -> random.Random:
        """Return the source of chance for one matter; the same one each time."""
        return random.Random("/".join(map(str, (self._seed, self._phase, *of))))

    def upload(self, number: int) -> Upload:
        """Return what request `number` sends."""
        chance = self.chance("upload", number)
        kind = chance.choices(("post", "get", "pixel", "token"), (80, 7, 7, 6))[0]
        waits = chance.random() >= 0.01
        if kind == "token":
            return Upload(number, kind, "GET", "/get_sts_token", _USUAL, b"", (), waits)
        base = f"/logstores/{chance.choice(LOGSTORES)}"
        logs = self._logs(chance, number, base.rpartition("/")[2], alone=kind != "post")
        ids = tuple(log["id"] for log in logs)
        if kind == "post":
            headers, body = _encoded(chance, logs)
            return Upload(number, kind, "POST", f"{base}/track", {**_USUAL, **headers}, body, ids, waits)
        query = urlencode({"APIVersion": "0.6.0", **logs[0]})
        end = "track" if kind == "get" else chance.choice(("track.gif", "track_ua.gif"))
        return Upload(number, kind, "GET", f"{base}/{end}?{query}", _USUAL, b"", ids, waits)

    def _logs(
        self, chance: random.Random, number: int, logstore: str, *, alone: bool
    ) -> list[dict[str, str]]:
        # Small batches are the usual ones, and a large one is large in its texts too.
        count = 1 if alone else 1 + int(LARGEST_BATCH * chance.random() ** 4)
        times = 100 if not alone and chance.random() < 0.01 else 1
        names = [f"{self._phase}-{number}-{at}" for at in range(count)]
        return [_log(chance, name, logstore, times) for name in names]


def _log(chance: random.Random, name: str, logstore: str, times: int) -> dict[str, str]:
    text = f"{PRIVATE} " + "".join(chance.choices(_LETTERS, k=chance.randint(0, 200))) * times
    log = {"id": name, "to": logstore, "text": text}
    return {**log, "sum": checksum(log)}


def checksum(log: Mapping[str, str]) -> str:
    """Return what a log's `sum` has to be, whoever holds it."""
    said = "\n".join(log.get(name, "") for name in ("id", "to", "text"))
    return f"{zlib.crc32(said.encode()):08x}"


def _encoded(chance: random.Random, logs: list[dict[str, str]]) -> tuple[dict[str, str], bytes]:
    body = json.dumps({"__topic__": "soak", "__tags__": {"seen": "yes"}, "__logs__": logs}).encode()
    how = chance.choices(("plain", "gzip", "deflate"), (6, 2, 2))[0]
    if how == "gzip":
        return {"Content-Encoding": "gzip"}, gzip.compress(body, 1, mtime=0)
    if how == "deflate":
        return {"x-log-compresstype": "deflate", "x-log-bodyrawsize": str(len(body))}, zlib.compress(body, 1)
    return {"Content-Type": "application/json"}, body
