"""Delivers an upload: to SLS, with retries; if that fails, to the spool, from which replay writes it.

A write without an answer may have been stored, and repeating it may store it twice. So the first attempt gets
most of the time. A write that SLS did not accept is repeated. A write in doubt goes to the spool, or without
a spool is repeated once. So this module writes at most two copies of a log, whatever SLS does.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from functions.track.delivered import RETRY_AFTER, Delivered, busy
from functions.track.settings import TrackSettings
from functions.track.upload import Upload
from shared.alibaba.put_logs import Outcome, outcome, reason, signed_write, unsigned_write
from shared.credentials import CredentialSource
from shared.deadline import Deadline
from shared.http.errors import UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError
from shared.network.client import HttpClient, Unreachable

if TYPE_CHECKING:
    from functions.track.breaker import Breaker
    from shared.network.interface import Network

PAUSES = (0.1, 0.3, 0.9, 1.8)  # seconds between attempts, each varied by half
# The time for SLS: all of the request's time except RESERVED seconds, but at least FIRST_SHARE of it. With
# s.yaml it is 7 of 9 s, so even an answer after 6 s is received; the rest is for the spool or a retry.
FIRST_SHARE, RESERVED = 0.75, 2.0

_AGAIN = frozenset({Outcome.PASSING, Outcome.THROTTLED, Outcome.UNREACHED, Outcome.IN_DOUBT})


class Delivery:
    """Writes to the configured Project, and to the spool if there is one."""

    def __init__(self, settings: TrackSettings, credentials: CredentialSource, network: Network) -> None:
        self._anonymous = settings.anonymous
        self._region = settings.region
        self._credentials = credentials
        self._network = network
        self._client = HttpClient(settings.address, network)
        self._spooling = None
        if settings.spool is not None:  # only then does a cold start pay for the import
            from functions.track.spooling import Spooling

            self._spooling = Spooling(settings, settings.spool, credentials, network)

    async def deliver(self, upload: Upload) -> Delivered:
        """Return when SLS or the spool has confirmed the upload, or both have failed.

        The problem is ServerBusy (503), WriteQuotaExceed (429) or UpstreamRejected (502). Raises ApiError if
        the function has no credentials.
        """
        notes: dict[str, str | int | float] = {"logs": upload.logs}
        if upload.dropped:
            notes["dropped"] = upload.dropped
        left = upload.deadline.remaining()
        first = upload.deadline.within(max(left * FIRST_SHARE, left - RESERVED))
        if self._spooling is not None:
            return await self._spooling.deliver(upload, notes, first, self._write)
        return Delivered(notes, await self._write(upload, notes, first))

    async def _write(
        self,
        upload: Upload,
        notes: dict[str, str | int | float],
        deadline: Deadline,
        breaker: Breaker | None = None,
    ) -> ApiError | None:
        """Write to SLS until it confirms, refuses permanently or may have stored the write, or time is up.

        Returns the problem of the last attempt. A 401 is repeated once (SLS documentation, "Error codes").
        With a spool there is a `breaker`, and `deadline` applies to all attempts. Without a spool it applies
        to the first attempt, and further attempts have the rest of the request's time.
        """
        began, had = time.monotonic(), deadline.remaining()
        attempts, pauses, refreshed, doubts = 0, iter(PAUSES), False, 0
        while True:
            attempts, tried = attempts + 1, time.monotonic()
            became, problem = await self._attempt(upload, deadline)
            if breaker is None:
                deadline = upload.deadline
            if became is Outcome.UNAUTHORIZED and not refreshed:
                refreshed = True
                continue
            doubts += became is Outcome.IN_DOUBT
            if became not in _AGAIN or doubts > (1 if breaker is None else 0):
                break
            if not await self._pause(next(pauses, None), deadline, breaker):
                break
        ended = time.monotonic()
        if breaker is not None:
            breaker.note(became, ended - tried, had)
        notes["attempts"], notes["upstreamMs"] = attempts, round(1000 * (ended - began), 1)
        return problem

    async def _attempt(self, upload: Upload, deadline: Deadline) -> tuple[Outcome, ApiError | None]:
        """Send the upload once, signed with current credentials and the current time."""
        if self._anonymous:
            path, headers = unsigned_write(upload.logstore, upload.body)
        else:
            own = self._credentials.read(upload.credentials)
            path, headers = signed_write(
                upload.logstore, upload.body, self._client.host, self._region, own, time.time()
            )
        try:
            answer = await self._client.exchange(
                "POST", path, [*headers.items()], upload.body, deadline=deadline, resend=False
            )
        except Unreachable as error:
            return Outcome.IN_DOUBT if error.in_doubt else Outcome.UNREACHED, busy(str(error))
        became = outcome(answer)
        return became, None if became is Outcome.WRITTEN else _problem(became, reason(answer))

    async def _pause(self, seconds: float | None, deadline: Deadline, breaker: Breaker | None) -> bool:
        """Pause before the next attempt. False if none is left, time is short, or the breaker is open."""
        if seconds is None:
            return False
        # Without the random module, whose import and seeding would lengthen every cold start.
        seconds *= 0.5 + os.urandom(1)[0] / 255
        left = deadline.remaining() - seconds
        if left <= 0 or (breaker is not None and not breaker.lets_repeat(left)):
            return False
        await self._network.pause(seconds)
        return True


def _problem(became: Outcome, detail: str) -> ApiError:
    if became is Outcome.PASSING:
        return busy(detail)
    if became is Outcome.THROTTLED:
        message = "the log service is limiting writes for now"
        return ApiError(WRITE_QUOTA_EXCEED, message, detail=detail, retry_after=RETRY_AFTER)
    return ApiError(UPSTREAM_REJECTED, "the log service refused the write", detail=detail)
