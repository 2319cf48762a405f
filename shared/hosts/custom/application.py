"""The function as an ASGI application, with the two calls by which Function Compute starts and stops it."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from shared.deadline import RESERVE, USUAL_TIMEOUT, WARM_UP, Deadline
from shared.hosts.custom.admission import Admission, Full, Share
from shared.hosts.custom.answer import send
from shared.hosts.custom.asgi import Receive, Scope, Send
from shared.hosts.custom.body import Dawdled, Gone, read_body
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
# Refusals for being full have no log line each; Refusals tells of them together.
_FULL = msgspec.structs.replace(SERVER_BUSY, level=logging.DEBUG)


class Application:
    """Answers HTTP requests with a `Service`, as many at once as its admission lets in."""

    def __init__(
        self,
        service: Service,
        admission: Admission,
        *,
        timeout: float = USUAL_TIMEOUT,
    ) -> None:
        """`timeout` is the function's, in seconds; a request has its answer a second before."""
        self._seconds = timeout - RESERVE
        self._service = service
        self._admission = admission
        self._refusals = Refusals(admission)

    async def __call__(self, scope: Scope, receive: Receive, to: Send) -> None:
        """Answer one request. Never raises."""
        close = False
        try:
            response = await self._answer(scope, receive)
        except Dawdled as late:
            # The rest of the body may come for ever, so the connection ends here.
            response, close = self._gone(scope, late), True
        except Gone as gone:
            response = self._gone(scope, gone)
        except asyncio.CancelledError:  # the server stops, and has waited as long as it can
            stopping = ApiError(SERVER_BUSY, "this instance is being stopped", retry_after=RETRY_AFTER)
            response = failure(stopping, "")
        except Exception as error:  # noqa: BLE001 - the last line before the server's own 500
            response = failure(unexpected(error), "")
        await send(response, to, close=close)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        request = read_request(scope, Deadline(self._seconds))
        if (call := lifecycle_call(scope)) is not None:
            return await (self._initialize if call == INITIALIZE else self._pre_stop)(request)
        if request.path.endswith(_HEALTHZ):
            return await self._service.answer(request)
        try:
            return await self._admitted(request, receive)
        except Full:
            self._refusals.note()
            full = ApiError(_FULL, "too many requests at once", retry_after=RETRY_AFTER)
            return self._service.refuse(request, full)

    async def _admitted(self, request: Request, receive: Receive) -> Response:
        if self._admission.full:  # known before the body is there
            raise Full
        with Share(self._admission) as share:
            await self._read_body(request, receive, share)
            if not self._admission.enter():
                raise Full
            try:
                return await self._service.answer(request)
            finally:
                self._admission.leave()

    async def _read_body(self, request: Request, receive: Receive, share: Share) -> None:
        """Give the request its body, to which nothing else refers."""
        body = await read_body(receive, self._service.max_body, request.deadline, share)
        request.body, request.size = body.kept, body.size

    def _gone(self, scope: Scope, gone: Gone) -> Response:
        request = read_request(scope, Deadline(0))
        return self._service.refuse(request, ApiError(POST_BODY_INVALID, str(gone)))

    async def _initialize(self, request: Request) -> Response:
        await self._service.warm_up(request.credentials, Deadline(WARM_UP))
        return _done(request)

    async def _pre_stop(self, request: Request) -> Response:
        """Answer once every request has its answer, or at this one's deadline."""
        await self._admission.drained(request.deadline.remaining())
        return _done(request)


def _done(request: Request) -> Response:
    """Return the answer to Function Compute itself; should a page ever get it, it may not read it."""
    return Response(200, {**NO_READER_HEADERS, "x-log-requestid": request.id})
