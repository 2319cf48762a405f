"""Calls HTTP triggers with Alibaba Cloud's client, with a timeout."""

from __future__ import annotations

import json
import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from alibabacloud_fc_open20210406.client import Client
from alibabacloud_tea_openapi.utils_models import Config

from ops.provision.clients import Credentials
from shared.http.request import without_ticket

# The SDK needs `content-type` in lower case: otherwise it is signed as empty
# (alibabacloud-gateway-fc-util 0.0.5, `auth_string`).
CONTENT_TYPE = "content-type"
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")


class NoAnswer(Exception):
    """There is no usable answer: no connection, a timeout, or a redirect."""


class Answer(NamedTuple):
    """One answer; header names are in lower case, each with all its values.

    `path` can be shown: it has no ticket.
    """

    method: str
    path: str
    origin: str
    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """Return all values of a header, joined as by a browser; "" if it is missing."""
        return ", ".join(self.headers.get(name.lower(), ()))

    def listed(self, name: str) -> set[str]:
        """The entries of a comma-separated header, in lower case."""
        return {entry.strip().lower() for entry in self.header(name).split(",") if entry.strip()}

    @property
    def by_fc(self) -> bool:
        """Whether the trigger itself answered, before any code ran (FC documentation, "Error codes").

        They are recognized by the error type, or by their format if that header was removed.
        """
        kind = self.header("x-fc-error-type").lower()
        in_shape = self.status in range(400, 500) and {"Code", "RequestId"} <= self.json().keys()
        return kind == "fccommonerror" or (not kind and in_shape)

    @property
    def code(self) -> str:
        """Return the error code, SLS's `errorCode` or FC's `Code`; "" if there is none."""
        fields = self.json()
        found = fields.get("errorCode") or fields.get("Code") or self.header("x-log-errorcode")
        return found if isinstance(found, str) and _CODE.fullmatch(found) else ""

    def json(self) -> Mapping[str, object]:
        """Return the body as a JSON object, {} if it is not one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        return f"{self.status}{' ' + self.code if self.code else ''}"


class Trigger:
    """Calls triggers, anonymously or signed with FC's own signature; each within `timeout` seconds."""

    def __init__(self, timeout: float, credentials: Credentials | None = None) -> None:
        self._timeout = timeout
        given = credentials or Credentials("", "")
        config = Config(
            access_key_id=given.access_key_id or None,
            access_key_secret=given.access_key_secret or None,
            security_token=given.security_token or None,
            endpoint="unused.invalid",  # for management calls, which are not used
        )
        client = Client(config)
        self._invoke = client.invoke_httptrigger if credentials else client.invoke_anonymous_httptrigger

    def call(
        self,
        method: str,
        url: str,
        origin: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status. Raises NoAnswer."""
        sent = {"Origin": origin, **(headers or {})}
        started = time.monotonic()
        with warnings.catch_warnings():
            # It uses an interface that alibabacloud-credentials 1.x has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            response = _within(self._timeout, lambda: self._invoke(url, method, body, sent))
        if response.history:
            moved = urlsplit(response.url)
            raise NoAnswer(f"redirected to {moved.scheme}://{moved.netloc}{without_ticket(moved.path)}")
        names = {name.lower() for name in response.raw.headers}
        answered = {name: tuple(response.raw.headers.getlist(name)) for name in names}
        seconds = time.monotonic() - started
        path = without_ticket(urlsplit(url).path)
        return Answer(method, path, origin, response.status_code, answered, response.content, seconds)


def _within(seconds: float, call: Callable[[], requests.Response]) -> requests.Response:
    """Run `call` in a thread, because the SDK's client has no timeout. Raises NoAnswer."""
    outcome: list[requests.Response | requests.RequestException] = []

    def run() -> None:
        try:
            outcome.append(call())
        except requests.RequestException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="trigger", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise NoAnswer(f"no answer within {seconds:g} s")
    if isinstance(outcome[0], requests.RequestException):
        raise NoAnswer(f"no answer: {type(outcome[0]).__name__}")
    return outcome[0]
