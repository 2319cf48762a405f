"""The address of one HTTP trigger; it stays the same when the function is updated."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from local.fc import event, limits
from local.fc.control.access import ControlAccess
from local.fc.control.errors import ControlError
from local.fc.errors import FcError, Refused
from local.fc.host import Host, failure, send_answer
from local.sts.claims import Call

_POLL = 0.02  # seconds between checks whether the previous host has finished its calls


class Current:
    """The current host, and the number of running calls of each host.

    A replaced host finishes its running calls: `retire` waits for them.
    """

    def __init__(self, host: Host) -> None:
        self._lock = threading.Lock()
        self._host = host
        self._busy: dict[Host, int] = {host: 0}

    def enter(self) -> Host:
        """Return the host for one more call; call leave() afterwards."""
        with self._lock:
            self._busy[self._host] += 1
            return self._host

    def leave(self, host: Host) -> None:
        """One call of that host is answered."""
        with self._lock:
            self._busy[host] -= 1

    def replace(self, host: Host) -> Host:
        """Send new calls to `host`; returns the previous host."""
        with self._lock:
            former, self._host = self._host, host
            self._busy[host] = 0
        return former

    def retire(self, former: Host, seconds: float) -> None:
        """Stop the instances of a previous host when it has no running call, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while self._calls(former) and time.monotonic() < deadline:
            time.sleep(_POLL)
        former.stop()

    def _calls(self, host: Host) -> int:
        with self._lock:
            return self._busy[host]


class Address:
    """The ASGI application of one function's HTTP trigger.

    `trigger` returns the current configuration, None if the trigger was deleted.
    """

    def __init__(
        self, current: Current, trigger: Callable[[], dict[str, Any] | None], gate: ControlAccess
    ) -> None:
        self._current, self._trigger, self._gate = current, trigger, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            receive = await self._admitted(scope, receive)
        except ClientDisconnect:
            return
        except FcError as refusal:
            request_id = event.new_request_id(time.time())
            await send_answer(send, failure(refusal, request_id), request_id)
            return
        host = self._current.enter()
        try:
            await host(scope, receive, send)
        finally:
            self._current.leave(host)

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        """Check what the trigger checks before the function. Raises Refused, ClientDisconnect."""
        config = self._trigger()
        if config is None:
            raise Refused(404, "TriggerNotFound", "the function has no HTTP trigger")
        if config.get("disableURLInternet"):
            raise Refused(403, "AccessDenied", "access from the internet is disabled for the trigger")
        if scope["method"] not in config["methods"]:
            await limits.read_body(receive)  # a client that is still sending would not read the refusal
            raise Refused.method(scope["method"], tuple(config["methods"]))
        if config["authType"] == "anonymous":
            return receive
        body = await limits.read_body(receive)
        if body is None:
            raise Refused.invalid(f"the body has more than {limits.BODY_LIMIT} bytes")
        await asyncio.to_thread(self._identify, _call(scope, body))
        return _again(body, receive)

    def _identify(self, call: Call) -> None:
        old = call.headers.get("authorization", "").startswith("FC ")
        try:
            if old:
                self._gate.identify_old(call, query=True)
            else:
                self._gate.identify(call)
        except ControlError as refusal:
            raise Refused(refusal.status, refusal.code, refusal.message) from None


def _call(scope: Scope, body: bytes) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Call(scope["method"], query, headers, body, path)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that yields a body which was already read."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay
