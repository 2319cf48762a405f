"""Replaces the network: requests of `HttpClient.exchange` go to an application in this process."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Scope

from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable


class Sent(NamedTuple):
    """A request that left the function; header names are in lower case."""

    host: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection; it also acts as the asyncio transport, so that faults can break it."""

    def __init__(self, sent: Sent) -> None:
        self._requests: list[Message] = [{"type": "http.request", "body": sent.body, "more_body": False}]
        self._broken = asyncio.Event()
        self.messages: list[Message] = []

    async def receive(self) -> Message:
        if self._requests:
            return self._requests.pop()
        await self._broken.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    def is_closing(self) -> bool:
        return self._broken.is_set()

    def write(self, _: bytes) -> None:
        """Accept bytes that are not HTTP: the caller gets no answer."""

    def close(self) -> None:
        self._broken.set()

    abort = close

    def get_extra_info(self, _: str) -> Wire:
        return self

    def setsockopt(self, *_: object) -> None:
        """Accept the linger time of a reset."""

    def answer(self) -> Answer:
        starts = [message for message in self.messages if message["type"] == "http.response.start"]
        if self.is_closing() or not starts:
            raise Unreachable("the fake network: no answer", in_doubt=True)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in starts[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in self.messages)
        return Answer(starts[0]["status"], headers, body, reusable=True)


class FakeNetwork:
    """Maps hosts to services; `sent` has all requests in order."""

    overlaps = False

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._services: list[tuple[str, ASGIApp]] = []
        self._down: set[str] = set()
        self._lock = threading.Lock()

    def serve(self, hosts: str, app: ASGIApp) -> None:
        """Put `app` behind the host names that match `hosts` (`*` stands for anything)."""
        self._services.append((hosts, app))

    def cut(self, hosts: str) -> None:
        """Make these hosts unreachable until `mend`."""
        self._down.add(hosts)

    def mend(self) -> None:
        """Make every host reachable again."""
        self._down.clear()

    def to(self, hosts: str) -> list[Sent]:
        """Return the requests to these hosts, in order."""
        return [sent for sent in self.sent if fnmatchcase(sent.host, hosts)]

    def exchange(
        self,
        upstream: HttpClient,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        deadline: Deadline,
        resend: bool = True,
    ) -> Answer:
        """Do what `HttpClient.exchange` does, with its checks and its exceptions."""
        del resend  # there are no kept connections here
        upstream._head(method, target, headers, len(body))  # raises ValueError for an invalid request
        sent = Sent(
            upstream.host, method, target, {name.lower(): value for name, value in headers}, bytes(body)
        )
        with self._lock:
            self.sent.append(sent)
        if deadline.remaining() <= 0 or any(fnmatchcase(sent.host, hosts) for hosts in self._down):
            raise Unreachable("the fake network: cut")
        # In a new loop, because the caller may be in one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, _ask(self._service(sent.host), sent, deadline)).result()

    def _service(self, host: str) -> ASGIApp:
        for hosts, app in self._services:
            if fnmatchcase(host, hosts):
                return app
        raise Unreachable(f"the fake network: no such host: {host}")


async def _ask(app: ASGIApp, sent: Sent, deadline: Deadline) -> Answer:
    wire = Wire(sent)
    try:
        await asyncio.wait_for(app(_scope(sent, wire), wire.receive, wire.send), deadline.remaining())
    except asyncio.TimeoutError:
        raise Unreachable("the fake network: out of time", in_doubt=True) from None
    return wire.answer()


def _scope(sent: Sent, wire: Wire) -> Scope:
    path, _, query = sent.target.partition("?")
    headers = {"host": sent.host, "content-length": str(len(sent.body)), **sent.headers}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": re.sub(r"%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("203.0.113.9", 40000),
        "server": (sent.host, 443),
        "state": {"transport": wire},
    }
    return scope
