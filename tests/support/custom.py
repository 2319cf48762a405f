"""The custom runtime with a built-in one's interface: a handler of FC events that calls its application.

With FUNCTION_RUNTIME=custom in the environment, the tests of both functions use it, unchanged.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import threading
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from shared.credentials import from_context
from shared.deadline import WARM_UP, Deadline
from shared.hosts.builtin import to_fc
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.answer import written
from shared.hosts.custom.application import Application
from shared.http.response import Response
from shared.http.service import Service
from shared.network.event_loop import EventLoopNetwork
from shared.network.interface import Network
from shared.settings import SettingError
from tests.support.loop import Loop

CUSTOM = os.environ.get("FUNCTION_RUNTIME") == "custom"

_running: list[CustomRuntime] = []

Build = Callable[[Mapping[str, str], Network], Service]


class CustomRuntime:
    """One instance with the settings of the environment."""

    def __init__(self, build: Build) -> None:
        self.loop = Loop()
        _running.append(self)
        self._build = build
        self._admission = Admission(64)
        self._starting = threading.Lock()
        self._service: Service | None = None

    def initialize(self, context: object) -> None:
        """Do what the process does at its start, then what `/initialize` does."""
        warm_up = self._started().warm_up(from_context(context), Deadline(WARM_UP))
        self.loop.run(_awaited(warm_up))

    def handle(self, event: bytes, context: object) -> dict[str, Any]:
        """Answer an FC event's request, given to the application as FC would send it."""
        try:
            head, body = request_of(json.loads(event), context)
        except (ValueError, KeyError, TypeError, RecursionError):
            pytest.skip("a custom runtime gets requests and no events")
        timeout = getattr(getattr(context, "function", None), "timeout", None) or 10
        try:
            service = self._started()
        except SettingError:
            pytest.skip("with a bad setting a custom runtime does not start")
        app = Application(service, self._admission, timeout=timeout)
        return to_fc(self.loop.run(ask(app, head, body)))

    def _started(self) -> Service:
        with self._starting:
            if self._service is None:
                self._service = self._build(os.environ, EventLoopNetwork())
            return self._service


async def _awaited(waiting: Awaitable[None]) -> None:
    await waiting


def stop_all() -> None:
    """Stop every instance's loop, because an instance does not stop by itself.

    Its idle connections end with it, as they end with the process on Function Compute.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        while _running:
            _running.pop().loop.stop()
        gc.collect()


def request_of(event: dict[str, Any], context: object) -> tuple[Head, bytes]:
    """Return the head and the body of an event's request."""
    body = event["body"] or ""
    content = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    headers = {name.lower(): value for name, value in event["headers"].items()}
    headers["x-fc-request-id"] = getattr(context, "request_id", "")
    came_through = headers.get("x-forwarded-for", "").split(",") if "x-forwarded-for" in headers else []
    headers["x-forwarded-for"] = ",".join((*came_through, event["requestContext"]["http"]["sourceIp"]))
    if given := from_context(context):
        headers["x-fc-access-key-id"] = given.access_key_id
        headers["x-fc-access-key-secret"] = given.access_key_secret
        headers["x-fc-security-token"] = given.security_token or ""
    headers["content-length"] = str(len(content))
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    query = urlencode(event["queryParameters"] or {}).encode()
    return Head(event["requestContext"]["http"]["method"], event["rawPath"], query, raw), content


class Head(NamedTuple):
    """The head of a request, as a connection reads it."""

    method: str
    path: str
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()


async def ask(app: Application, head: Head, *pieces: bytes) -> Response:
    """Return an application's answer to a request whose body comes in pieces, as it is written."""
    incoming = app.incoming(head.method, head.path, head.query, [*head.headers], "127.0.0.1")
    try:
        for piece in pieces:
            answer = app.take(incoming)
            if answer is not None:
                break
            incoming.add(piece)
        else:
            incoming.complete = True
            answer = app.take(incoming)
        assert answer is not None
        return read(written(answer if isinstance(answer, Response) else await answer))
    finally:
        incoming.drop()


def read(answer: bytes) -> Response:
    """Return an answer that has been written."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers.pop("content-length") == str(len(body))
    return Response(int(status.split(" ")[1]), headers, body)
