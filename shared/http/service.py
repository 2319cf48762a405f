"""What both functions are: a table of routes behind the origin check, every failure turned into an answer.

A request passes once through: allowlist, path and method, the route's own work. Whatever goes wrong comes
out as SLS's error shape, with the CORS headers of a success.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.http.cors import NO_READER, OriginCheck, OriginPolicy, cors_headers, preflight_headers
from shared.http.errors import (
    INTERNAL_SERVER_ERROR,
    METHOD_NOT_SUPPORTED,
    NOT_FOUND,
    ORIGIN_NOT_ALLOWED,
    ApiError,
)
from shared.http.request import Request
from shared.http.response import Response
from shared.logs import log, stack

_SLASHES = re.compile(r"//+")


def error_response(error: ApiError) -> Response:
    """Return an error in SLS's own shape (SLS documentation, "Error codes")."""
    body = msgspec.json.encode({"errorCode": error.kind.code, "errorMessage": error.message})
    return Response(error.kind.status, {"Content-Type": "application/json", **error.headers}, body)


def failure(error: ApiError, request_id: str) -> Response:
    """Log and return the answer where there is no request to judge; no page may read it."""
    log(
        error.kind.level,
        "failed",
        request_id,
        errorCode=error.kind.code,
        detail=error.detail or error.message,
    )
    refusal = error_response(error)
    closed = cors_headers(OriginCheck(False, NO_READER))
    headers = {**refusal.headers, **closed, "x-log-requestid": request_id, "x-log-errorcode": error.kind.code}
    return refusal._replace(headers=headers)


def unforeseen(error: Exception) -> ApiError:
    """Return the error that a bug ends in; its stack goes to the log."""
    return ApiError(INTERNAL_SERVER_ERROR, "an unforeseen error; it has been logged", detail=stack(error))


class Route(msgspec.Struct, frozen=True):
    """Paths of one form, under any prefix, and what answers them."""

    pattern: re.Pattern[str]  # of the whole path, undecoded, `//` collapsed
    methods: tuple[str, ...]
    respond: Callable[[Request, re.Match[str]], Awaitable[Response]]
    guarded: bool = True  # whether the allowlist applies
    refuse: Callable[[ApiError], Response] = error_response


async def _no_such_path(_: Request, __: re.Match[str]) -> Response:
    raise ApiError(NOT_FOUND, "there is nothing at this path")


async def _healthy(_: Request, __: re.Match[str]) -> Response:
    return Response(
        200, {"Content-Type": "application/json", "Cache-Control": "no-store"}, b'{"status":"ok"}'
    )


_ANYTHING = re.compile(r".*", re.DOTALL)
_NOWHERE = Route(_ANYTHING, (), _no_such_path)
HEALTHZ = Route(re.compile(r"(?:/.*)?/healthz"), ("GET",), _healthy, guarded=False)


class Service:
    """A function's core: `Request` to `Response`, never an exception."""

    def __init__(
        self,
        origins: OriginPolicy,
        routes: Sequence[Route],
        *,
        pixels: bool = False,
        warm_up: Callable[[Credentials | None, Deadline], None] = lambda _given, _deadline: None,
        max_body: int = 0,
        log_all: bool = True,
    ) -> None:
        """`pixels` says whether GETs that name no origin are usual here, as e-mail pixels are.

        `warm_up` is what an initializer may do ahead of the first request; it blocks and raises nothing.
        `max_body` is how many bytes of a body a route takes: of a larger one a host need keep none.
        `log_all` says whether requests in which nothing went wrong have a log line too.
        """
        self.warm_up = warm_up
        self.max_body = max_body
        self._log_all = log_all
        self._origins = origins
        self._routes = (*routes, HEALTHZ)
        self._pixels = pixels
        used = {method for route in self._routes for method in route.methods}
        self._methods = (*sorted(used), "OPTIONS")

    async def answer(self, request: Request) -> Response:
        """Return the answer to a request, whatever happens."""
        began = time.monotonic()
        check = self._origins.check(request, pixels=self._pixels)
        route, match = self._find(request.path)
        try:
            response = await self._respond(request, check, route, match)
        except ApiError as error:
            response = _refused(route, error)
        except Exception as error:  # noqa: BLE001 - a bug must not show the caller its stack
            response = _refused(route, unforeseen(error))
        if self._log_all or response.problem is not None:
            _report(request, response, began)
        return _sealed(response, check, request)

    def refuse(self, request: Request, error: ApiError) -> Response:
        """Return the answer to a request that its host cannot take, whatever its path may be."""
        began = time.monotonic()
        check = self._origins.check(request, pixels=self._pixels)
        response = _refused(self._find(request.path)[0], error)
        _report(request, response, began)
        return _sealed(response, check, request)

    def _find(self, path: str) -> tuple[Route, re.Match[str]]:
        collapsed = _SLASHES.sub("/", path)
        for route in (*self._routes, _NOWHERE):
            if match := route.pattern.fullmatch(collapsed):
                return route, match
        raise AssertionError("the last route takes every path")

    async def _respond(
        self, request: Request, check: OriginCheck, route: Route, match: re.Match[str]
    ) -> Response:
        if route.guarded and check.refusal:
            _refuse_origin(request, check, check.refusal)
        if request.method == "OPTIONS":
            return Response(200, preflight_headers(self._methods))
        if route.methods and request.method not in route.methods:
            allow = (*route.methods, "OPTIONS")
            raise ApiError(METHOD_NOT_SUPPORTED, f"the method is not one of {', '.join(allow)}", allow=allow)
        return await route.respond(request, match)


def _refused(route: Route, error: ApiError) -> Response:
    refusal = route.refuse(error)
    headers = {**refusal.headers, "x-log-errorcode": error.kind.code}
    return refusal._replace(headers=headers, notes=error.notes, problem=error)


def _report(request: Request, response: Response, began: float) -> None:
    """Write the request's one line: `refused`, or `answered` with what went wrong on the way, if anything."""
    problem = response.problem
    log(
        problem.kind.level if problem else logging.INFO,
        "answered" if response.status < 400 else "refused",
        request.id,
        method=request.method,
        path=request.path,
        status=response.status,
        errorCode=problem.kind.code if problem else None,
        bytes=len(request.body) if request.size is None else request.size,
        ms=round(1000 * (time.monotonic() - began), 1),
        **response.notes,
        detail=(problem.detail or problem.message) if problem else None,
    )


def _sealed(response: Response, check: OriginCheck, request: Request) -> Response:
    """Add the headers that every answer carries."""
    headers = {**response.headers, **cors_headers(check), "x-log-requestid": request.id}
    return response._replace(headers=headers)


def _refuse_origin(request: Request, check: OriginCheck, reason: str) -> None:
    """Refuse, or in audit mode note what would have been refused."""
    if not check.allowed:
        raise ApiError(ORIGIN_NOT_ALLOWED, "this origin may not send here", detail=reason)
    log(logging.WARNING, "would refuse", request.id, reason=reason, method=request.method, path=request.path)
