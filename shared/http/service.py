"""A function's routes and the checks before them; every failure becomes a response.

A request passes the origin check, the gate (page tickets), the method check and the route's handler, in this
order. Every error is answered in SLS's format, with the CORS headers of a success.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.http.cors import NO_READER_HEADERS, OriginCheck, OriginPolicy, preflight_headers
from shared.http.errors import (
    INTERNAL_SERVER_ERROR,
    METHOD_NOT_SUPPORTED,
    NOT_FOUND,
    ORIGIN_NOT_ALLOWED,
    ApiError,
)
from shared.http.request import Request, without_ticket
from shared.http.response import Response
from shared.logs import log, stack

Handler = Callable[[Request, "re.Match[str]"], Awaitable[Response]]
WarmUp = Callable[["Credentials | None", Deadline], Awaitable[None]]
"""Work that an initializer can do before the first request. Never raises."""
Gate = Callable[[Request, str, "re.Match[str]"], None]
"""Raises ApiError to refuse a request. Its second argument is the request's path with `//` collapsed."""


def error_body(error: ApiError) -> Response:
    """Return an error in SLS's format (SLS documentation, "Error codes")."""
    body = msgspec.json.encode({"errorCode": error.kind.code, "errorMessage": error.message})
    return Response(error.kind.status, {"Content-Type": "application/json"}, body)


class Route(msgspec.Struct, frozen=True):
    """A pattern of paths, under any prefix, and the handler that answers them."""

    # Matches the whole path, still percent-encoded, with `//` collapsed. As text it is compiled on first use,
    # which keeps a cold start short.
    pattern: str | re.Pattern[str]
    methods: tuple[str, ...]
    handler: Handler
    guarded: bool = True  # whether the allowlist and the gate apply
    error_body: Callable[[ApiError], Response] = error_body


async def _not_found(_: Request, __: re.Match[str]) -> Response:
    raise ApiError(NOT_FOUND, "there is nothing at this path")


async def _healthz(_: Request, __: re.Match[str]) -> Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(200, headers, b'{"status":"ok"}')


async def _nothing_to_warm_up(_: Credentials | None, __: Deadline) -> None:
    """Return at once."""


_NOT_FOUND = Route(r"(?s:.*)", (), _not_found)
HEALTHZ = Route(r"(?:/.*)?/healthz", ("GET",), _healthz, guarded=False)


class Service:
    """Answers a `Request` with a `Response`. Never raises."""

    def __init__(
        self,
        origins: OriginPolicy,
        routes: Sequence[Route],
        *,
        pixels: bool = False,
        warm_up: WarmUp = _nothing_to_warm_up,
        max_body: int = 0,
        log_all: bool = True,
        gate: Gate | None = None,
    ) -> None:
        """`pixels` says whether GETs without an origin are normal, as for pixels in e-mails.

        `max_body` is the maximum size of a body in bytes; a host need not keep a larger one. `log_all` says
        whether successful requests have a log line too. `gate` is called before the method check. It is not
        called for a preflight, which has no effect and lets a page read why its request is refused.
        """
        self.warm_up = warm_up
        self.max_body = max_body
        self._log_all = log_all
        self._gate = gate
        self._origins = origins
        self._routes = (*routes, HEALTHZ, _NOT_FOUND)
        self._pixels = pixels
        used = {method for route in self._routes for method in route.methods}
        self._methods = (*sorted(used), "OPTIONS")

    async def answer(self, request: Request) -> Response:
        """Return the response to a request. Never raises."""
        began = time.monotonic()
        origin = self._origins.check(request, pixels=self._pixels)
        route, match = self._find(request.path)
        try:
            response = await self._respond(request, origin, route, match)
        except ApiError as error:
            response = Response(error.kind.status, problem=error)
        except Exception as error:  # noqa: BLE001 - a bug must not show the caller its stack
            response = Response(500, problem=unexpected(error))
        return self._finish(request, response, route, origin, began)

    def refuse(self, request: Request, error: ApiError) -> Response:
        """Return the response to a request that the host refuses, for any path."""
        began = time.monotonic()
        origin = self._origins.check(request, pixels=self._pixels)
        route, _ = self._find(request.path)
        return self._finish(request, Response(error.kind.status, problem=error), route, origin, began)

    def _find(self, path: str) -> tuple[Route, re.Match[str]]:
        collapsed = re.sub("//+", "/", path) if "//" in path else path
        for route in self._routes:
            if match := re.fullmatch(route.pattern, collapsed):
                return route, match
        raise AssertionError("the last route takes every path")

    async def _respond(
        self, request: Request, origin: OriginCheck, route: Route, match: re.Match[str]
    ) -> Response:
        if origin.refusal and route.guarded:
            _refuse_origin(request, origin.allowed, origin.refusal)
        if request.method == "OPTIONS":
            return Response(200, preflight_headers(self._methods))
        if self._gate is not None and route.guarded:
            self._gate(request, match.string, match)
        if route.methods and request.method not in route.methods:
            allow = (*route.methods, "OPTIONS")
            raise ApiError(METHOD_NOT_SUPPORTED, f"the method is not one of {', '.join(allow)}", allow=allow)
        return await route.handler(request, match)

    def _finish(
        self, request: Request, response: Response, route: Route, origin: OriginCheck, began: float
    ) -> Response:
        """Log the request, and add the headers of every response."""
        problem = response.problem
        if problem or self._log_all:
            _log_request(request, response, began)
        if problem is None or response.status < 400:
            body, headers = response.body, response.headers
        else:
            shown = route.error_body(problem)
            body, headers = shown.body, {**shown.headers, **_error_headers(problem)}
        headers = {**headers, **origin.headers, "x-log-requestid": request.id}
        return Response(response.status, headers, body)


def failure(error: ApiError, request_id: str) -> Response:
    """Log and return the response if there is no valid request. Its headers keep pages from reading it."""
    detail = error.detail or error.message
    log(error.kind.level, "failed", request_id, errorCode=error.kind.code, detail=detail)
    shown = error_body(error)
    headers = {**shown.headers, **_error_headers(error), **NO_READER_HEADERS, "x-log-requestid": request_id}
    return Response(shown.status, headers, shown.body)


def unexpected(error: Exception) -> ApiError:
    """Return the error for a bug; its stack is only logged."""
    return ApiError(INTERNAL_SERVER_ERROR, "an unexpected error; it has been logged", detail=stack(error))


def _error_headers(error: ApiError) -> dict[str, str]:
    return {**error.headers, "x-log-errorcode": error.kind.code}


def _refuse_origin(request: Request, allowed: bool, reason: str) -> None:
    """Refuse the request; in audit mode only log that it would be refused."""
    if not allowed:
        raise ApiError(ORIGIN_NOT_ALLOWED, "this origin may not send here", detail=reason)
    shown = without_ticket(request.path)
    log(logging.WARNING, "would refuse", request.id, reason=reason, method=request.method, path=shown)


def _log_request(request: Request, response: Response, began: float) -> None:
    """Write the request's log line: `refused`, or `answered` with the recovered problem, if any."""
    problem = response.problem
    log(
        problem.kind.level if problem else logging.INFO,
        "answered" if response.status < 400 else "refused",
        request.id,
        method=request.method,
        path=without_ticket(request.path),
        status=response.status,
        errorCode=problem.kind.code if problem else None,
        bytes=request.size,
        ms=round(1000 * (time.monotonic() - began), 1),
        **response.notes,
        detail=(problem.detail or problem.message) if problem else None,
    )
