"""The function as an ASGI application, with the two calls by which Function Compute starts and stops it.

Both calls come on ordinary paths, so anybody can make them through the trigger. Neither can therefore do
harm: `/initialize` does what the first request would do, `/pre-stop` waits and changes nothing
(Function Compute documentation, "Function instance lifecycle" of custom runtimes).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shared.deadline import RESERVE, USUAL_TIMEOUT, WARM_UP, Deadline
from shared.hosts.custom.admission import Admission
from shared.hosts.custom.asgi import Receive, Scope, Send
from shared.hosts.custom.body import Gone, announced, read_body
from shared.hosts.custom.request import read_request
from shared.http.errors import POST_BODY_INVALID, SERVER_BUSY, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Service, failure, unexpected

RETRY_AFTER = 1  # seconds that a client is told to wait when this instance is full

Lifecycle = Callable[[Request], Awaitable[Response]]


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
        self._lifecycle: dict[tuple[str, str], Lifecycle] = {
            ("POST", "/initialize"): self._initialize,
            ("GET", "/pre-stop"): self._pre_stop,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing escapes."""
        try:
            request = read_request(scope, Deadline(self._seconds))
            response = await self._admitted(request, scope, receive)
        except Exception as error:  # noqa: BLE001 - the last line before the server's own 500
            response = failure(unexpected(error), "")
        await _send(send, response)

    async def _admitted(self, request: Request, scope: Scope, receive: Receive) -> Response:
        size = announced(scope, self._service.max_body)
        if not self._admission.enter(size):
            full = ApiError(
                SERVER_BUSY,
                "too many requests at once",
                detail=f"this instance has {self._admission.in_flight} requests in flight",
                retry_after=RETRY_AFTER,
            )
            return self._service.refuse(request, full)
        try:
            return await self._answer(request, receive)
        finally:
            self._admission.leave(size)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        lifecycle = self._lifecycle.get((request.method, request.path))
        if lifecycle is not None:
            return await lifecycle(request)
        try:
            body = await read_body(receive, self._service.max_body, request.deadline)
        except Gone as gone:
            return self._service.refuse(request, ApiError(POST_BODY_INVALID, str(gone)))
        request.body, request.size = body.kept, body.size
        del body
        return await self._service.answer(request)

    async def _initialize(self, request: Request) -> Response:
        await self._service.warm_up(request.credentials, Deadline(WARM_UP))
        return Response(200)

    async def _pre_stop(self, request: Request) -> Response:
        """Answer once every other request has its answer, or at this one's deadline."""
        await self._admission.drained(request.deadline.remaining(), but=1)
        return Response(200)


async def _send(send: Send, response: Response) -> None:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers.items()
    ]
    headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
