"""track's core: from a request to a batch that SLS, or the spool, has confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.track.batch import Batch, read_batch
from functions.track.compression import plain_body
from functions.track.delivery import Delivery
from functions.track.limits import MAX_BODY
from functions.track.pixel import gif_refusal, gif_response
from functions.track.query import read_pairs
from functions.track.settings import TrackSettings
from functions.track.tags import SenderTags, tag_with_sender
from shared.credentials import CredentialSource
from shared.http.errors import LOGSTORE_NOT_EXIST, ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from shared.network.blocking import BLOCKING
from shared.network.interface import Network

_LOGSTORE = r"(?:/.*)?/logstores/([^/]+)"
_TRACK = re.compile(rf"{_LOGSTORE}/track")
_PIXEL = re.compile(rf"{_LOGSTORE}/track(_ua)?\.gif")


def build(variables: Mapping[str, str], network: Network = BLOCKING) -> Service:
    """Return the function's service, from environment variables; raises SettingError."""
    settings = TrackSettings.read(variables)
    tracker = Tracker(settings, CredentialSource(variables), network)
    routes = (
        Route(_TRACK, ("GET", "POST"), tracker.track),
        Route(_PIXEL, ("GET",), tracker.pixel, refuse=gif_refusal),
    )
    return Service(settings.origins, routes, pixels=True, max_body=MAX_BODY, log_all=settings.log_all)


class Tracker:
    """Takes uploads for the configured Logstores and has them delivered."""

    def __init__(self, settings: TrackSettings, credentials: CredentialSource, network: Network) -> None:
        self._settings = settings
        self._sender = SenderTags(settings.client_ip, settings.client_ip_header)
        self._delivery = Delivery(settings, credentials, network)

    async def track(self, request: Request, match: re.Match[str]) -> Response:
        """Answer `…/logstores/{ls}/track`, GET or POST."""
        logstore = self._logstore(match)
        if request.method == "GET":
            batch = read_pairs(request.query)
        else:
            batch = read_batch(plain_body(request.headers, request.body, request.size))
        return await self._deliver(request, logstore, batch, Response(200))

    async def pixel(self, request: Request, match: re.Match[str]) -> Response:
        """Answer `…/logstores/{ls}/track.gif` and `track_ua.gif`."""
        logstore = self._logstore(match)
        batch = read_pairs(request.query)
        if match[2]:
            for name in ("user_agent", "referer"):
                if value := request.headers.get(name.replace("_", "-")):
                    batch.logs[0][name] = value
        return await self._deliver(request, logstore, batch, gif_response())

    def _logstore(self, match: re.Match[str]) -> str:
        # Compared as it came: an encoded or dotted name is none of the configured ones.
        if match[1] not in self._settings.logstores:
            raise ApiError(LOGSTORE_NOT_EXIST, "this Logstore does not exist here")
        return match[1]

    async def _deliver(self, request: Request, logstore: str, batch: Batch, success: Response) -> Response:
        """Return `success` once the batch is where it cannot be lost; an empty one is there already."""
        if not batch.logs:
            return success
        tagged = tag_with_sender(batch, self._sender.read(request))
        done = await self._delivery.deliver(tagged, logstore, request.credentials, request.deadline)
        if done.problem is not None:
            success = success._replace(headers={**success.headers, "x-log-spooled": "1"})
        return success._replace(notes=done.notes, problem=done.problem)
