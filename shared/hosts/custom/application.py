"""Decides who answers a request: the function, a lifecycle call of Function Compute, or a refusal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial

import msgspec

from shared.deadline import RESERVE, USUAL_TIMEOUT, WARM_UP, Deadline
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.incoming import Incoming
from shared.hosts.custom.lifecycle import INITIALIZE, lifecycle_call
from shared.hosts.custom.refusals import Refusals
from shared.hosts.custom.request import read_request
from shared.http.cors import NO_READER_HEADERS
from shared.http.errors import POST_BODY_INVALID, SERVER_BUSY, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Service, failure, unexpected

RETRY_AFTER = 1  # seconds that a client is told to wait when this instance is full
_HEALTHZ = "/healthz"
_CALLED = ("/initialize", "/pre-stop")
# A refusal because the instance is full has no log line of its own; Refusals counts them in one line.
_FULL = msgspec.structs.replace(SERVER_BUSY, level=logging.DEBUG)

Answering = Coroutine[object, object, Response]


class Application:
    """Answers HTTP requests with a `Service`, up to the limits of an `Admission`."""

    def __init__(
        self,
        service: Service,
        admission: Admission,
        *,
        timeout: float = USUAL_TIMEOUT,
    ) -> None:
        """`timeout` is the function's, in seconds; a request is answered one second earlier."""
        self._seconds = timeout - RESERVE
        self._service = service
        self._admission = admission
        self._refusals = Refusals(admission)
        self.incoming = partial(Incoming, admission, service.max_body)  # called for each complete head

    def take(self, incoming: Incoming) -> Response | Answering | None:
        """Return the answer, or a coroutine that returns it; None if the rest of the body is needed first.

        Never raises, and neither does the coroutine, which must be awaited.
        """
        try:
            return self._take(incoming)
        except Exception as error:  # noqa: BLE001 - nothing else stands between a bug and the server
            return failure(unexpected(error), "")

    def gone(self, incoming: Incoming, why: str) -> Response:
        """Return the answer to a request that remains incomplete."""
        request = incoming.request or read_request(incoming, Deadline(0))
        return self._service.refuse(request, ApiError(POST_BODY_INVALID, why))

    def _take(self, incoming: Incoming) -> Response | Answering | None:
        request = incoming.request
        if request is None:
            request = incoming.request = read_request(incoming, Deadline(self._seconds))
        if incoming.path.endswith(_HEALTHZ):
            return _answered(self._service.answer(request))
        if incoming.path in _CALLED and (call := lifecycle_call(incoming)):
            return _answered(self._initialize(request) if call == INITIALIZE else self._pre_stop(request))
        if incoming.overflowed or self._admission.full:  # known before the body has arrived
            return self._full(request)
        if not incoming.complete:
            return None
        request.body, request.size = incoming.take_body(), incoming.size
        self._admission.enter()
        return self._admitted(request)

    async def _admitted(self, request: Request) -> Response:
        try:
            return await self._service.answer(request)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as in _answered
            return _failed(error)
        finally:
            self._admission.leave()

    def _full(self, request: Request) -> Response:
        self._refusals.note()
        error = ApiError(_FULL, "too many requests at once", retry_after=RETRY_AFTER)
        return self._service.refuse(request, error)

    async def _initialize(self, request: Request) -> Response:
        await self._service.warm_up(request.credentials, Deadline(WARM_UP))
        return _done(request)

    async def _pre_stop(self, request: Request) -> Response:
        """Answer when all other requests are answered, at the latest at the deadline."""
        await self._admission.drained(request.deadline.remaining())
        return _done(request)


async def _answered(answering: Answering) -> Response:
    """Return the answer. Never raises."""
    try:
        return await answering
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - no caller may see a bug's stack
        return _failed(error)


def _failed(error: Exception | asyncio.CancelledError) -> Response:
    if isinstance(error, asyncio.CancelledError):  # the server stops, and its waiting time is over
        error = ApiError(SERVER_BUSY, "this instance is being stopped", retry_after=RETRY_AFTER)
        return failure(error, "")
    return failure(unexpected(error), "")


def _done(request: Request) -> Response:
    """Return the answer for Function Compute. Its headers keep pages from reading it."""
    return Response(200, {**NO_READER_HEADERS, "x-log-requestid": request.id})
