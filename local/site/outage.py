"""The switch that stops and starts SLS, and ``/api/sls``, which controls it."""

from __future__ import annotations

import re
import threading

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from local.faults import Fault, Faults
from local.site.security import from_elsewhere

MAX_BODY = 1024  # bytes of a request to switch
_NO_STORE = {"cache-control": "no-store"}
# All forms of PutLogs and PutWebtracking; not GetLogs (`/logs` and the plain GET), which still works.
_WRITES = re.compile(r"POST /logstores/[^/?]+(/track|/shards/[^/?]+)?(\?.*)?|GET /logstores/[^/?]+/track.*")


class Outage:
    """While SLS is down it refuses all writes with 503; stored logs can still be read."""

    def __init__(self, faults: Faults) -> None:
        """`faults` are the faults of the stand-in; SLS is up at first."""
        self._faults = faults
        self._lock = threading.Lock()
        self._fault: Fault | None = None

    @property
    def up(self) -> bool:
        """Whether this switch lets SLS accept writes."""
        return self._fault is None

    def switch(self, *, up: bool) -> None:
        """Stop or start SLS; thread-safe and idempotent."""
        with self._lock:
            if up and self._fault is not None:
                self._faults.remove(self._fault)
                self._fault = None
            elif not up and self._fault is None:
                self._fault = Fault.status(503, code="ServerBusy", message="switched off in the console")
                self._faults.add(self._fault, on=is_write)


def is_write(target: str) -> bool:
    """Whether ``METHOD /path?query`` writes logs."""
    return _WRITES.fullmatch(target) is not None


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request to switch."""

    up: bool


class OutageApi:
    """``GET /api/sls`` says ``{"up": true or false}``; a POST of the same object switches."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    async def answer(self, request: Request) -> Response:
        """Answer one request.

        Another site's page cannot switch: 403 for a foreign Origin, and only JSON is accepted (415), which
        needs a preflight. 413 and 400 for any other body.
        """
        if request.method != "POST":
            return self._state()
        if from_elsewhere(request.headers):
            return _refused(403, "only the console's own page may do that")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refused(415, "the body must be application/json")
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        if body is None:
            return _refused(413, f"the body has more than {MAX_BODY} bytes")
        return self._switch(body)

    def _switch(self, body: bytes) -> Response:
        try:
            wanted = msgspec.json.decode(body, type=Wanted)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return _refused(400, 'expected {"up": true} or {"up": false}')
        self._outage.switch(up=wanted.up)
        return self._state()

    def _state(self) -> Response:
        return JSONResponse({"up": self._outage.up}, headers=_NO_STORE)


async def _read(request: Request) -> bytes | None:
    """Return the body; None, without reading the rest, if it has more than MAX_BODY bytes."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return body


def _refused(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status, headers=_NO_STORE)
