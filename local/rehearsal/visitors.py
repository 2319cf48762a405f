"""Simulated browsers: uploads to track, each log with a unique mark."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from types import TracebackType
from typing import NamedTuple

import httpx

from local.cloud import Cloud

ORIGIN = "https://shop.example.com"
LOGSTORE = "web-tracking-logstore"
VISITORS = 4
PAUSE = 0.05  # seconds between two uploads of a visitor
_TIMEOUT = 60  # seconds


class Answered(NamedTuple):
    """The answer to an upload: its status, and whether the batch was spooled."""

    status: int
    spooled: bool


def upload(client: httpx.Client, url: str, mark: str) -> Answered:
    """Send one log with a mark in it, as the SDK does."""
    body = {"__topic__": "rehearsal", "__logs__": [{"mark": mark}]}
    answer = client.post(f"{url}/logstores/{LOGSTORE}/track", json=body, headers={"Origin": ORIGIN})
    return Answered(answer.status_code, answer.headers.get("x-log-spooled") == "1")


def stored(cloud: Cloud, run: str) -> set[str]:
    """Return the marks of one run that are in SLS."""
    logs = cloud.sls.store.query(LOGSTORE, contains=run, limit=100_000)
    return {log.fields["mark"] for log in logs if "mark" in log.fields}


class Traffic:
    """Visitors who upload continuously inside a ``with`` block; like the SDK, they never retry."""

    def __init__(self, url: str) -> None:
        self.run = f"run{uuid.uuid4().hex}"
        self.sent: set[str] = set()
        self.statuses: Counter[str] = Counter()
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=[n], daemon=True) for n in range(VISITORS)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        with httpx.Client(timeout=_TIMEOUT) as client:
            count = 0
            while not self._over.is_set():
                mark, count = f"{self.run}-{number}-{count}", count + 1
                self.sent.add(mark)
                try:
                    self.statuses[str(upload(client, self._url, mark).status)] += 1
                except httpx.HTTPError as error:
                    self.statuses[type(error).__name__] += 1
                time.sleep(PAUSE)
