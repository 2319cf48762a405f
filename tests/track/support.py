"""track on its own instance, writing to a scripted server; every answer is checked against FC's rules."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from functions.track import delivery, service, spool
from functions.track.batch import Batch
from shared.network.client import HttpClient
from shared.network.interface import Network
from tests.support.custom import CUSTOM, CustomRuntime
from tests.support.fc import context, event, fresh
from tests.support.raw_server import RawServer, Received

LOGSTORE = "web-tracking-logstore"
TRACK = f"/logstores/{LOGSTORE}/track"
KEY_ID = "LTAI5tFunctionKey"
SECRET = "function-secret-8f3a"
TOKEN = "function-token-CAIS9c"
SETTINGS = {
    "SLS_PROJECT": "webtracking-demo",
    "SLS_LOGSTORES": f"{LOGSTORE},checkout",
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "track",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
    "ALIBABA_CLOUD_SECURITY_TOKEN": TOKEN,
}
# Function Compute documentation, "HTTP trigger invocations": headers that an answer may not set.
_FORBIDDEN = {"connection", "content-length", "date", "keep-alive", "server", "upgrade"}

Handler = Callable[[bytes, object], dict[str, Any]]
Start = Callable[..., "Track"]


class Reply(NamedTuple):
    """The handler's result; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The errorCode of an error's JSON, "" for anything else."""
        return str(self.json().get("errorCode", "")) if self.status != 200 and self.body[:1] == b"{" else ""

    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class Track:
    """One instance of the function."""

    def __init__(self, upstream: RawServer) -> None:
        """Start it with the current settings."""
        self.timeout = 60.0  # seconds, which only an upstream that hangs should use up
        self.upstream = upstream
        self.custom = CustomRuntime(service.build) if CUSTOM else None
        if self.custom:
            self.custom.initialize(context())
            self.handler: Handler = self.custom.handle
        else:
            module = fresh_index()
            module.initialize(context())
            self.handler = module.handler

    @property
    def forwarded(self) -> list[Received]:
        """Return the requests that reached the upstream."""
        return self.upstream.received

    def send(
        self,
        method: str,
        path: str,
        body: str | bytes = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        source_ip: str = "203.0.113.77",
        given: SimpleNamespace | None = None,
    ) -> Reply:
        """Answer one request; `given` is the context."""
        asked = event(method, path, body, query=query, headers=headers, source_ip=source_ip)
        return self.raw(asked, given or context(self.timeout))

    def post(self, body: str | bytes, **headers: str) -> Reply:
        """POST a body to the Logstore; `_` in a header's name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", TRACK, body, headers=named)

    def raw(self, asked: bytes, given: object) -> Reply:
        """Answer one event."""
        return check(self.handler(asked, given))

    def last(self) -> dict[str, Any]:
        """Return the last forwarded body."""
        return body_of(self.forwarded[-1])


def fresh_index() -> Any:
    """Return `functions.track.index` as a new process would load it, sharing nothing with another."""
    return fresh("functions.track.index")


@contextlib.contextmanager
def running(*scripts: bytes, server: type[RawServer] = RawServer, **settings: str) -> Iterator[Track]:
    """Run track with additional settings, in front of a server with the given scripts."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        made: list[HttpClient] = []

        def remembered(address: str, network: Network) -> HttpClient:
            upstream = HttpClient(address, network)
            made.append(upstream)
            return upstream

        upstream = stack.enter_context(server(*scripts))
        patch.setattr(delivery, "HttpClient", remembered)
        patch.setattr(spool, "HttpClient", remembered)
        patch.setattr(delivery, "PAUSES", (0.01, 0.01, 0.01, 0.01))
        for name, value in {**SETTINGS, "SLS_ENDPOINT": upstream.url, **settings}.items():
            patch.setenv(name, value)
        track = Track(upstream)
        yield track
        for upstream_made in made:  # on FC an open connection ends with the process
            track.custom.loop.call(upstream_made.close) if track.custom else upstream_made.close()


def body_of(received: Received) -> dict[str, Any]:
    """Return a forwarded body, strictly parsed, without the `batch_id`, which must be among its tags."""
    parsed = whole_body_of(received)
    assert re.fullmatch(r"[0-9a-f]{32}", parsed["__tags__"].pop("batch_id"))
    return parsed


def whole_body_of(received: Received) -> dict[str, Any]:
    """Return a forwarded body, strictly parsed."""
    parsed: dict[str, Any] = json.loads(received.body.decode("utf-8"), parse_constant=_refuse)
    return parsed


def fields_of(batch: Batch) -> list[dict[str, str]]:
    """Return a batch's logs, which must contain only text."""
    logs: list[dict[str, str]] = [json.loads(log) for log in batch.logs]
    assert all(type(value) is str for log in logs for value in log.values())
    return logs


def timeless(body: dict[str, Any]) -> dict[str, Any]:
    """Return a signed write's body without the time of receipt, which each log must have."""
    logs = [dict(log) for log in body["__logs__"]]
    assert all(type(log.pop("__time__")) is int for log in logs)
    return {**body, "__logs__": logs}


def check(answer: dict[str, Any]) -> Reply:
    """Return an answer in FC's form, checked against the rules of FC and of this project."""
    assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
    assert type(answer["statusCode"]) is int
    assert all(type(item) is str for pair in answer["headers"].items() for item in pair)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert len(headers) == len(answer["headers"])
    assert not _FORBIDDEN & set(headers)
    assert not any(name.startswith("x-fc-") for name in headers)
    assert headers["access-control-allow-origin"]
    assert headers["x-log-requestid"]
    assert sum(len(name) + len(value) for name, value in headers.items()) < 8192
    encoded = answer["body"]
    body = base64.b64decode(encoded, validate=True) if answer["isBase64Encoded"] else encoded.encode()
    return Reply(answer["statusCode"], headers, body)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
