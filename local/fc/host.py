"""The HTTP triggers of several functions at one address, as an ASGI application."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from local.fc import answer, event, limits
from local.fc.answer import Answer
from local.fc.call import Call
from local.fc.errors import FcError, FunctionFailed, Refused
from local.fc.function import Function
from local.fc.logs import Log, to_stderr
from local.fc.loop import Closed, LoopThread
from local.fc.pool import Pool

_INVOKE: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/invoke",
    "raw_path": b"/invoke",
    "query_string": b"",
    "http_version": "1.1",
    "headers": [(b"content-type", b"application/octet-stream")],
    "client": ("127.0.0.1", 0),
}


class Route(NamedTuple):
    """Requests whose whole undecoded path matches `pattern` go to `function`.

    One that is not `warm` gets its first instance with its first request.
    """

    pattern: str
    function: Function
    warm: bool = True


class Host:
    """Sends each request to the first matching route, else to `default`; each function has its own instances.

    `unrouted` are functions without an HTTP trigger, for invoke(); they need a built-in runtime (else
    ValueError). `kills` counts the instances killed by kill_one(), by function.
    """

    def __init__(
        self,
        default: Function,
        routes: Sequence[Route] = (),
        *,
        unrouted: Sequence[Function] = (),
        log: Log = to_stderr,
    ) -> None:
        if custom := [function.name for function in unrouted if function.custom]:
            raise ValueError(
                f"{custom[0]}: a function without an HTTP trigger runs in a built-in runtime here"
            )
        self._log = log
        self._loop = LoopThread("fc-host")
        self.kills: Counter[str] = Counter()
        self._default = Pool(default, log)
        self._routes = [(re.compile(route.pattern), Pool(route.function, log)) for route in routes]
        self._warm = [
            self._default,
            *(pool for route, (_, pool) in zip(routes, self._routes, strict=True) if route.warm),
        ]
        self._unrouted = [Pool(function, log) for function in unrouted]
        self._pools = [self._default, *(pool for _, pool in self._routes), *self._unrouted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        now = time.time()
        request_id = event.new_request_id(now)
        try:
            body = await limits.read_body(receive)
        except ClientDisconnect:
            return
        pool = self._pool(scope["raw_path"].decode("latin-1"))
        try:
            answered = await self._answer(scope, body, pool, request_id, now)
        except FcError as error:
            answered = self._failed(error, pool.function, request_id)
            if isinstance(error, FunctionFailed):
                answered = _open(answered, scope)
        await send_answer(send, answered, request_id)

    def warm(self) -> None:
        """Start one instance of each function with a trigger, unless its route says otherwise.

        Raises FunctionFailed, with the function's own message.
        """
        request_id = event.new_request_id(time.time())
        for started in [self._loop.submit(pool.warm(request_id)) for pool in self._warm]:
            started.result()

    def invoke(self, name: str, payload: bytes, request_id: str = "") -> bytes:
        """Call a function with an event, as FC's timer does; returns its serialized result.

        A custom runtime gets the event by `POST /invoke` ("Event functions", custom runtimes). Raises
        Refused, FunctionFailed, or LookupError if there is no such function.
        """
        pool = next(iter(self._named(name)), None)
        if pool is None:
            raise LookupError(name)
        now = time.time()
        request_id = request_id or event.new_request_id(now)
        try:
            if pool.function.custom:
                call = Call(_INVOKE, payload, request_id, now)
                return self._loop.submit(pool.answer(call)).result().body
            return self._loop.submit(pool.handle(payload, request_id)).result()
        except Closed:
            raise Refused.exhausted(pool.function.instances) from None

    def pids(self, name: str) -> set[int]:
        """Return the process ids of a function's instances."""
        return set().union(*(pool.pids for pool in self._named(name)))

    def kill_one(self, name: str) -> int | None:
        """Kill (SIGKILL) a function's busiest instance; returns its process id, None if there is none."""
        for pool in self._named(name):
            pid = self._loop.submit(pool.kill_one()).result()
            if pid is not None:
                self.kills[name] += 1
                return pid
        return None

    def stop(self) -> None:
        """Stop all instances."""
        try:
            stopping = [self._loop.submit(pool.stop()) for pool in self._pools]
        except Closed:
            return
        for stopped in stopping:
            stopped.result()
        self._loop.close()

    def _named(self, name: str) -> list[Pool]:
        return [pool for pool in self._pools if pool.function.name == name]

    def _pool(self, raw_path: str) -> Pool:
        return next((pool for pattern, pool in self._routes if pattern.fullmatch(raw_path)), self._default)

    async def _answer(
        self, scope: Scope, body: bytes | None, pool: Pool, request_id: str, now: float
    ) -> Answer:
        limits.check(scope, pool.function)
        if body is None:
            raise Refused.invalid(f"the body has more than {limits.BODY_LIMIT} bytes")
        try:
            answering = self._loop.submit(pool.answer(Call(scope, body, request_id, now)))
        except Closed:
            raise Refused.exhausted(pool.function.instances) from None
        answered = await asyncio.wrap_future(answering)
        for name in answered.dropped:
            self._log(pool.function.name, request_id, f"response header {name} may not be set: dropped")
        return _open(answered, scope)

    def _failed(self, error: FcError, function: Function, request_id: str) -> Answer:
        self._log(function.name, request_id, f"{error.status} {error}")
        return failure(error, request_id)


def failure(error: FcError, request_id: str) -> Answer:
    """Return the caller's answer for a failure."""
    headers = {"Content-Type": "application/json", "X-Fc-Error-Type": error.kind}
    return Answer(error.status, headers, error.body(request_id))


def _open(answered: Answer, scope: Scope) -> Answer:
    origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
    headers = answer.with_open_cors(answered.headers, None if origin is None else event.decoded(origin))
    return answered._replace(headers=headers)


async def send_answer(send: Send, answered: Answer, request_id: str) -> None:
    """Send an answer, with the id of its request."""
    headers = answered.headers | {"X-Fc-Request-Id": request_id}
    if answered.status not in answer.WITHOUT_BODY:
        headers["Content-Length"] = str(len(answered.body))
    raw = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answered.status, "headers": raw})
    await send({"type": "http.response.body", "body": answered.body})
