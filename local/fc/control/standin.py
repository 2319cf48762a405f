"""The whole control plane: created by tests and by the local cloud, served by `local.serving.Server`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.fc import event
from local.fc.control.access import OLD_VERSION, VERSION, ControlAccess
from local.fc.control.api import Code, Logstores, Operations
from local.fc.control.cron import MINUTE
from local.fc.control.errors import ControlError
from local.fc.control.machine import Machine, Sink
from local.fc.control.readings import Request
from local.fc.control.records import Registry
from local.fc.control.runtime import Surroundings
from local.fc.errors import FunctionFailed, Refused
from local.ram import Ram
from local.sts.claims import Call

LARGEST_CALL = 32 * 1024**2  # bytes of a synchronous invocation, and of any other body
LARGEST_ASYNC = 128 * 1024  # bytes of an asynchronous one ("Quotas and limits")

_FUNCTION = rf"/{VERSION}/functions/(?P<function>[^/]+)"


class FunctionCompute:
    """Function Compute's API for one account and one region, as an ASGI application.

    `code` and `logstores` give access to OSS and SLS, `sink` receives the functions' output, `endpoints` are
    variables that point them at the stand-ins, `minute` is the length of a timer's minute in seconds.
    """

    def __init__(
        self,
        ram: Ram,
        *,
        code: Code,
        logstores: Logstores,
        sink: Sink,
        endpoints: Mapping[str, str],
        region: str = "cn-hangzhou",
        minute: float = MINUTE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._gate = ControlAccess(ram, clock)
        self.registry = Registry(region, ram.account_id)
        around = Surroundings(ram, region, endpoints, clock)
        self._machine = Machine(around, self._gate, code.bucket, sink, minute)
        self._do = Operations(
            self.registry,
            self._machine,
            self._gate,
            code=code,
            logstores=logstores,
            account=ram.account_id,
            clock=clock,
        )
        self._routes = [(method, re.compile(path), do) for method, path, do in _table(self._do)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            call = await _read(HttpRequest(scope, receive))
        except ClientDisconnect:
            return
        request_id = event.new_request_id(time.time())
        response = await run_in_threadpool(self._answer, call, request_id)
        response.headers["x-fc-request-id"] = request_id
        await response(scope, receive, send)

    def addresses(self) -> dict[str, str]:
        """Return the addresses of the HTTP triggers, by function."""
        with self._do.lock:
            records = self.registry.functions.values()
            found = {record.name: self._machine.url(record) for record in records}
        return {name: url for name, url in found.items() if url}

    def pids(self, name: str) -> set[int]:
        """Return the process ids of a function's instances."""
        with self._do.lock:
            return self._machine.running(self.registry.function(name)).pids

    def stop(self) -> None:
        """Stop all functions."""
        with self._do.lock:
            self._machine.stop()

    def _answer(self, call: Call, request_id: str) -> Response:
        try:
            return self._carry_out(call, request_id)
        except ControlError as refusal:
            return Response(refusal.body(request_id), refusal.status, media_type="application/json")

    def _carry_out(self, call: Call, request_id: str) -> Response:
        path = call.path
        if len(call.body) > LARGEST_CALL:
            message = f"payload size exceeds maximum allowed size ({LARGEST_CALL} bytes)"
            raise ControlError(413, "EntityTooLarge", message)
        if (call.method, path) == ("GET", f"/{OLD_VERSION}/tempBucketToken"):
            caller = self._gate.identify_old(call)
            return JSONResponse(self._do.temp_bucket_token(Request(caller, {}, {}, b"")))
        caller = self._gate.identify(call)
        for method, pattern, do in self._routes:
            found = pattern.fullmatch(path)
            if found and method == call.method:
                names = {name: unquote(value) for name, value in found.groupdict().items()}
                query = dict(parse_qsl(call.query, keep_blank_values=True))
                request = Request(caller, names, query, call.body)
                if do is None:
                    return self._invoke(request, call.headers, request_id)
                with self._do.lock:
                    answered = do(request)
                return Response(status_code=204) if answered is None else JSONResponse(answered)
        raise ControlError(400, "PathNotSupported", f"'{call.method}' against '{path}' is not supported")

    def _invoke(self, request: Request, headers: Mapping[str, str], request_id: str) -> Response:
        """InvokeFunction: if the function fails, the answer is a 200 with an error header."""
        with self._do.lock:
            deployed = self._machine.running(self._do.invokable(request))
        kind = headers.get("x-fc-invocation-type", "Sync")
        if kind not in ("Sync", "Async"):
            raise ControlError(
                400, "InvalidArgument", f"x-fc-invocation-type is {kind!r}; it must be Sync or Async"
            )
        if kind == "Async":
            if len(request.body) > LARGEST_ASYNC:
                message = f"payload size exceeds maximum allowed size ({LARGEST_ASYNC} bytes)"
                raise ControlError(413, "EntityTooLarge", message)
            deployed.put(request.body)
            return Response(status_code=202)
        try:
            response = Response(
                deployed.invoke(request.body, request_id), media_type="application/octet-stream"
            )
        except Refused as refusal:
            raise ControlError(refusal.status, refusal.code, str(refusal)) from None
        except FunctionFailed as failure:
            response = Response(failure.body(request_id), headers={"x-fc-error-type": failure.kind})
        if headers.get("x-fc-log-type") == "Tail":
            response.headers["x-fc-log-result"] = deployed.tail(request_id)
        return response


Route = tuple[str, str, "Callable[[Request], dict[str, Any] | None] | None"]


def _table(do: Operations) -> list[Route]:
    """Method, path and operation; None is InvokeFunction, which holds no lock."""
    trigger, top = rf"{_FUNCTION}/triggers/(?P<trigger>[^/]+)", f"/{VERSION}"
    return [
        ("GET", f"{top}/functions", do.list_functions),
        ("POST", f"{top}/functions", do.create_function),
        ("GET", _FUNCTION, do.get_function),
        ("PUT", _FUNCTION, do.update_function),
        ("DELETE", _FUNCTION, do.delete_function),
        ("POST", f"{_FUNCTION}/invocations", None),
        ("GET", f"{_FUNCTION}/triggers", do.list_triggers),
        ("POST", f"{_FUNCTION}/triggers", do.create_trigger),
        ("GET", trigger, do.get_trigger),
        ("PUT", trigger, do.update_trigger),
        ("DELETE", trigger, do.delete_trigger),
        ("GET", f"{_FUNCTION}/async-invoke-config", do.get_async),
        ("PUT", f"{_FUNCTION}/async-invoke-config", do.put_async),
        ("DELETE", f"{_FUNCTION}/async-invoke-config", do.delete_async),
        ("GET", f"{_FUNCTION}/concurrency", do.get_concurrency),
        ("PUT", f"{_FUNCTION}/concurrency", do.put_concurrency),
        ("DELETE", f"{_FUNCTION}/concurrency", do.delete_concurrency),
        ("GET", f"{_FUNCTION}/vpc-bindings", do.vpc_bindings),
        ("GET", f"{_FUNCTION}/scaling-config", do.nothing),
        ("GET", f"{_FUNCTION}/provision-config", do.nothing),
        ("GET", f"{_FUNCTION}/aliases", do.aliases),
        ("GET", f"{_FUNCTION}/versions", do.versions),
        ("GET", f"{top}/async-invoke-configs", do.list_async),
        ("GET", f"{top}/concurrency-configs", do.list_concurrency),
        ("GET", f"{top}/scaling-configs", do.list_scaling),
        ("GET", f"{top}/provision-configs", do.list_provision),
    ]


async def _read(request: HttpRequest) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = bytearray()
    async for chunk in request.stream():  # read it all, so that the client reads a refusal
        body += chunk[: LARGEST_CALL + 1 - len(body)]
    path = request.scope["raw_path"].decode("latin-1")
    return Call(request.method, request.scope["query_string"].decode("latin-1"), headers, bytes(body), path)
