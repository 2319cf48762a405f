"""HTTP triggers, called with Alibaba Cloud's own client, within a time."""

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

# What the SDK calls `Content-Type` must be in lower case: in any other it is signed as empty
# (alibabacloud-gateway-fc-util 0.0.5, `auth_string`).
CONTENT_TYPE = "content-type"
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")


class NoAnswer(Exception):
    """Nothing came back that could be looked at: no connection, no answer in time, a redirect."""


class Answer(NamedTuple):
    """One answer; header names are in lower case, each with all the values that came.

    `path` is fit to be shown: there is no ticket in it.
    """

    method: str
    path: str
    origin: str
    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """All values of a header, joined as a browser joins them; "" where it is missing."""
        return ", ".join(self.headers.get(name.lower(), ()))

    def listed(self, name: str) -> set[str]:
        """The entries of a comma-separated header, in lower case."""
        return {entry.strip().lower() for entry in self.header(name).split(",") if entry.strip()}

    @property
    def by_fc(self) -> bool:
        """Whether the trigger itself answered, before any code ran (FC documentation, "Error codes").

        Its answers are told by their error type, or by their shape where that header did not come through.
        """
        kind = self.header("x-fc-error-type").lower()
        in_shape = self.status in range(400, 500) and {"Code", "RequestId"} <= self.json().keys()
        return kind == "fccommonerror" or (not kind and in_shape)

    @property
    def code(self) -> str:
        """The error's code, SLS's `errorCode` or FC's `Code`; "" where there is none."""
        fields = self.json()
        found = fields.get("errorCode") or fields.get("Code") or self.header("x-log-errorcode")
        return found if isinstance(found, str) and _CODE.fullmatch(found) else ""

    def json(self) -> Mapping[str, object]:
        """The body as a JSON object, empty where it is none."""
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
            endpoint="unused.invalid",  # of the management calls; these need another kind of service
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
            # It reads credentials in a way that alibabacloud-credentials 1.x calls deprecated.
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
    """Do `call` in a thread, because the SDK's client has no timeout of its own. Raises NoAnswer."""
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
