"""track: from a request to a batch that SLS, or the spool, has confirmed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from functions.track.batch import Batch
from functions.track.body import read_batch
from functions.track.delivered import BUSY, RETRY_AFTER
from functions.track.delivery import Delivery
from functions.track.limits import FEW, MAX_BODY
from functions.track.pixel import gif_error, gif_response
from functions.track.query import read_pairs
from functions.track.settings import TrackSettings
from functions.track.tags import SenderTags
from functions.track.upload import Upload, encode
from shared.credentials import CredentialSource
from shared.http.errors import LOGSTORE_NOT_EXIST, POST_BODY_TOO_LARGE, SERVER_BUSY, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from shared.network.blocking import BLOCKING

if TYPE_CHECKING:
    from shared.network.interface import Network

_LOGSTORE = r"(?:/.*)?/logstores/(?P<logstore>[^/]+)"
_TRACK = rf"{_LOGSTORE}/track"
_PIXEL = rf"{_LOGSTORE}/track(_ua)?\.gif"
_COMPRESSIONS = ("x-log-compresstype", "content-encoding")


def build(variables: Mapping[str, str], network: Network = BLOCKING) -> Service:
    """Return the function's service, from environment variables; raises SettingError."""
    settings = TrackSettings.read(variables, network)
    tracker = Tracker(settings, CredentialSource(variables), network)
    routes = (
        Route(_TRACK, ("GET", "POST"), tracker.track),
        Route(_PIXEL, ("GET",), tracker.pixel, error_body=gif_error),
    )
    return Service(
        settings.origins,
        routes,
        pixels=True,
        max_body=MAX_BODY,
        log_all=settings.log_all,
        gate=settings.gate,
    )


class Tracker:
    """Takes uploads for the configured Logstores and has them delivered."""

    def __init__(self, settings: TrackSettings, credentials: CredentialSource, network: Network) -> None:
        self._logstores = settings.logstores  # compared as received: a percent-encoded name does not match
        self._anonymous = settings.anonymous
        self._sender = SenderTags(settings.client_ip, settings.client_ip_header)
        self._delivery = Delivery(settings, credentials, network)
        self._network = network
        self._rate_limit = settings.rate_limit
        self._filters = settings.filters

    async def track(self, request: Request, match: re.Match[str]) -> Response:
        """Answer `…/logstores/{ls}/track`, GET or POST."""
        logstore = match[1]
        if logstore not in self._logstores:
            raise _no_such_logstore()
        if request.method == "GET":
            return await self._get(request, logstore, read_pairs(request.query), Response(200))
        return await self._post(request, logstore)

    async def pixel(self, request: Request, match: re.Match[str]) -> Response:
        """Answer `…/logstores/{ls}/track.gif` and `track_ua.gif`."""
        if match[1] not in self._logstores:
            raise _no_such_logstore()
        names = ("user_agent", "referer") if match[2] else ()
        sender = {name: request.headers.get(name.replace("_", "-")) for name in names}
        if self._filters is not None:
            sender = self._filters.sender(request, sender)
        return await self._get(request, match[1], read_pairs(request.query, sender), gif_response())

    async def _get(self, request: Request, logstore: str, batch: Batch, success: Response) -> Response:
        if self._rate_limit is not None:
            await self._rate_limit.take(request, logstore, len(batch.logs))
        return await self._deliver(self._upload(request, logstore, batch, time.time()), success)

    async def _post(self, request: Request, logstore: str) -> Response:
        """Read a POST's body and deliver it."""
        if request.size > MAX_BODY:
            message = f"the body has {request.size} bytes; at most {MAX_BODY} are allowed"
            raise ApiError(POST_BODY_TOO_LARGE, message)
        compressed = any(request.headers.get(name) for name in _COMPRESSIONS)
        size = MAX_BODY if compressed else request.size
        received = time.time()
        if size <= FEW and self._rate_limit is None:
            batch = self._read(request, compressed)
            return await self._deliver(self._upload(request, logstore, batch, received), Response(200))
        return await self._in_turn(request, logstore, compressed, size, received)

    async def _in_turn(
        self, request: Request, logstore: str, compressed: bool, size: int, received: float
    ) -> Response:
        """Read and deliver a large body when its turn comes, so that no other request has to wait for it."""

        def parse() -> Upload:
            return self._upload(request, logstore, self._read(request, compressed), received)

        try:
            async with self._network.turn(size, request.deadline) as turn:
                if self._rate_limit is None:
                    upload = await turn.work(parse)
                else:
                    batch = await turn.work(partial(self._read, request, compressed))
                    await self._rate_limit.take(request, logstore, len(batch.logs))
                    upload = await turn.work(partial(self._upload, request, logstore, batch, received))
                turn.keep(len(upload.body))
                return await self._deliver(upload, Response(200))
        except TimeoutError as late:
            raise ApiError(SERVER_BUSY, BUSY, detail=str(late), retry_after=RETRY_AFTER) from None

    def _read(self, request: Request, compressed: bool) -> Batch:
        body, request.body = request.body, b""  # its memory is free while SLS is awaited
        if compressed:
            from functions.track.compression import decompress  # few clients compress

            body = decompress(request.headers, body)
        return read_batch(body)

    def _upload(self, request: Request, logstore: str, batch: Batch, received: float) -> Upload:
        filtered = self._filters.reason_to_drop(request) if self._filters is not None and batch.logs else None
        body = b""
        if batch.logs and filtered is None:  # a batch that is not stored needs no body
            # The same in every copy of the batch, so that a query can recognize copies.
            tags = {**self._sender.read(request), "batch_id": os.urandom(16).hex()}
            if self._filters is not None:
                batch, tags = self._filters.batch(batch), self._filters.tags(request, tags)
            body = encode(batch, tags, None if self._anonymous else int(received))
        return Upload(
            logstore=logstore,
            logs=len(batch.logs),
            body=body,
            received=received,
            credentials=request.credentials,
            deadline=request.deadline,
            dropped=batch.dropped,
            filtered=filtered,
        )

    async def _deliver(self, upload: Upload, success: Response) -> Response:
        """Return `success` when SLS or the spool has confirmed the upload, or a filter drops it."""
        if upload.filtered:
            return _filtered(upload.filtered, upload.logs, success)
        if not upload.logs:
            return success
        done = await self._delivery.deliver(upload)
        if done.problem and not done.spooled:
            return Response(done.problem.kind.status, notes=done.notes, problem=done.problem)
        headers = {**success.headers, "x-log-spooled": "1"} if done.spooled else success.headers
        return Response(200, headers, success.body, done.notes, done.problem)


def _filtered(reason: str, logs: int, success: Response) -> Response:
    headers = {**success.headers, "x-log-dropped": reason}
    return Response(200, headers, success.body, {"logs": logs, "filtered": reason})


def _no_such_logstore() -> ApiError:
    return ApiError(LOGSTORE_NOT_EXIST, "this Logstore does not exist here")
