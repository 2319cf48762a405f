"""Routes HTTP requests to writes, searches and management operations, and returns their answers."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.sls.access import API_VERSION, SlsAccess
from local.sls.compression import too_large
from local.sls.errors import SlsError
from local.sls.management import OPERATIONS, VIEW_OPERATIONS, Management, named
from local.sls.projects import Logstore, Projects
from local.sls.reads import Reader, as_headers, as_page, encode, parse_search, parse_search_body
from local.sls.signatures import SignedRequest
from local.sls.writes import SIGNED_CAP, WEBTRACKING_CAP, Upload, Writer

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1x1, transparent
_WRITE, _READ = "log:PostLogStoreLogs", "log:GetLogStoreLogs"

Handler = Callable[[Request], Awaitable[Response]]


class Routes:
    """The handlers, one for each operation; they raise SlsError for a refusal."""

    def __init__(
        self, projects: Projects, reader: Reader, gate: SlsAccess, writer: Writer, management: Management
    ) -> None:
        self._projects = projects
        self._management = management
        self._reader = reader
        self._gate = gate
        self._writer = writer

    def app(self) -> Starlette:
        """Return the application."""
        base = "/logstores/{logstore}"
        routes = [
            Route(f"{base}/track", self.track, methods=["POST"]),
            Route(f"{base}/track", self.track_pairs, methods=["GET"]),
            Route(f"{base}/track.gif", self.track_pairs, methods=["GET"]),
            Route(f"{base}/track_ua.gif", self.track_pairs, methods=["GET"]),
            Route(base, self.put_logs, methods=["POST"]),
            Route(f"{base}/shards/lb", self.put_logs, methods=["POST"]),
            Route(f"{base}/shards/route", self.put_logs, methods=["POST"]),
            Route(f"{base}/logs", self.get_logs, methods=["POST"]),
            Route(base, self.get_logs_v2, methods=["GET"]),
            *(Route(path, self.manage, methods=[method]) for method, path in OPERATIONS),
            *(Route(path, self.manage_view, methods=[method]) for method, path in VIEW_OPERATIONS),
        ]
        app = Starlette(routes=routes, exception_handlers=_HANDLERS)
        app.router.redirect_slashes = False
        return app

    async def track(self, request: Request) -> Response:
        """PutWebtracking."""
        upload = self._anonymous(request, await _read(request, WEBTRACKING_CAP))
        await run_in_threadpool(self._writer.put_webtracking, upload)
        return Response()

    async def track_pairs(self, request: Request) -> Response:
        """Write one log from the pairs of a GET; the .gif paths are for <img> elements."""
        upload = self._anonymous(request, b"")
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        browser = request.url.path.endswith("track_ua.gif")
        await run_in_threadpool(self._writer.put_pairs, upload, pairs, browser=browser)
        if request.url.path.endswith(".gif"):
            return Response(_GIF, media_type="image/gif")
        return Response()

    async def put_logs(self, request: Request) -> Response:
        """PutLogs."""
        body = await _read(request, SIGNED_CAP)
        logstore = self._permitted(request, body, _WRITE)
        await run_in_threadpool(self._writer.put_logs, _upload(request, logstore, body))
        return Response()

    async def get_logs(self, request: Request) -> Response:
        """GetLogs, the POST form of the SDKs; some send a chunked body."""
        body = await _whole(request, SIGNED_CAP)
        logstore = self._permitted(request, body, _READ)
        found = await run_in_threadpool(self._reader.find, logstore, parse_search_body(body))
        content, headers = encode(as_page(found), request.headers.get("accept-encoding", ""))
        return Response(content, headers=headers)

    async def get_logs_v2(self, request: Request) -> Response:
        """GetLogs, the older form: a plain list, with the progress in headers; and GetHistograms.

        A request without `type` is GetLogStore.
        """
        if "type" not in request.query_params and "from" not in request.query_params:
            return await self.manage(request)
        logstore = self._permitted(request, b"", _READ)
        search = parse_search(request.query_params)
        accepted = request.headers.get("accept-encoding", "")
        if request.query_params.get("type") == "histogram":
            counts = await run_in_threadpool(self._reader.histogram, logstore, search)
            content, headers = encode(counts, accepted)
            total = str(sum(one["count"] for one in counts))
            return Response(content, headers={**headers, "x-log-progress": "Complete", "x-log-count": total})
        found = await run_in_threadpool(self._reader.find, logstore, search)
        content, headers = encode(found.rows, accepted)
        return Response(content, headers={**headers, **as_headers(found)})

    async def manage(self, request: Request) -> Response:
        """The operations on Projects, Logstores and indexes."""
        body = await _whole(request, SIGNED_CAP)
        caller = self._gate.identify(_signed(request, body))
        path = request.scope["route"].path
        operation = OPERATIONS[request.method, path]
        host = request.headers.get("host", "")
        project = named(host) if operation == "create_project" else self._managed(host)
        logstore = request.path_params.get("logstore", "")
        answer = self._management.carry_out(operation, project, logstore, body, caller)
        return JSONResponse(answer)

    async def manage_view(self, request: Request) -> Response:
        """The operations on saved searches, dashboards and alarms."""
        body = await _whole(request, SIGNED_CAP)
        caller = self._gate.identify(_signed(request, body))
        operation, kind = VIEW_OPERATIONS[request.method, request.scope["route"].path]
        project, name = self._managed(request.headers.get("host", "")), request.path_params.get("name", "")
        return JSONResponse(self._management.carry_out_view(operation, kind, project, name, body, caller))

    def _managed(self, host: str) -> str:
        """The operation itself refuses a missing Project, after authorization."""
        try:
            return self._projects.project(host)
        except SlsError:
            return named(host)

    def _anonymous(self, request: Request, body: bytes) -> Upload:
        logstore = self._projects.logstore(self._project(request), request.path_params["logstore"])
        if not logstore.webtracking:
            raise SlsError("Unauthorized", f"web tracking is not enabled for logstore {logstore.name}")
        version = request.headers.get("x-log-apiversion") or request.query_params.get("APIVersion")
        if version not in (None, API_VERSION):
            raise SlsError("InvalidAPIVersion", f"x-log-apiversion {version} is unsupported.")
        return _upload(request, logstore, body)

    def _permitted(self, request: Request, body: bytes, action: str) -> Logstore:
        project = self._project(request)
        name = request.path_params["logstore"]
        identity = self._gate.identify(_signed(request, body))
        # Authorization first: without permission, a caller does not learn which Logstores exist.
        self._gate.permit(identity, action, Logstore(project, name))
        return self._projects.logstore(project, name)

    def _project(self, request: Request) -> str:
        return self._projects.project(request.headers.get("host", ""))


async def _read(request: Request, cap: int) -> bytes:
    """Read the body; one over `cap` is read to its end, so that the client reads the refusal."""
    if "content-length" not in request.headers:
        message = "Content-Length does not exist in http header when it is necessary."
        raise SlsError("MissingContentLength", message)
    return await _whole(request, cap)


async def _whole(request: Request, cap: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= cap:
            chunks.append(chunk)
    if size > cap:
        raise too_large(cap)
    return b"".join(chunks)


def _upload(request: Request, logstore: Logstore, body: bytes) -> Upload:
    address = request.client.host if request.client else ""
    return Upload(logstore, dict(request.headers), body, address)


def _signed(request: Request, body: bytes) -> SignedRequest:
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    path = request.scope["path"]
    return SignedRequest(request.method, path, dict(query), dict(request.headers), body)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, SlsError):
        raise error
    return Response(error.body(), error.status, media_type="application/json")


async def _no_such_route(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return await _refuse(request, SlsError("MethodNotSupported", f"{request.method} is not supported"))
    return await _refuse(request, SlsError("NotFound", f"no such resource: {request.url.path}"))


async def _give_up(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=400)  # the client is gone


_HANDLERS = {SlsError: _refuse, HTTPException: _no_such_route, ClientDisconnect: _give_up}
