"""Delivering an upload: to SLS, with retries; where that fails, to the spool, from which replay writes it.

A write that got no answer may have been stored all the same, and repeating it may store it twice. So the
first attempt gets most of the time. What SLS surely did not take is repeated; what is in doubt goes to the
spool, or without one is repeated once. Whatever SLS does, at most two copies of a log are written here.
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
# SLS's part of the time that a request has: all but RESERVED seconds, at least this share. Of the 9 s that
# s.yaml leaves it is 7, so an answer that takes 6 is waited for; the rest is for the spool or a repetition.
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
        """Return once SLS or the spool has confirmed the upload, or neither will.

        The problem is ServerBusy (503), WriteQuotaExceed (429) or UpstreamRejected (502). Raises ApiError
        where the function has no credentials.
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
        """Write to SLS until it confirms, refuses for good or may have taken the write, or time is up.

        Returns what went wrong with the last attempt. A 401 is repeated once (SLS documentation, "Error
        codes"). With a spool there is a `breaker`, and `deadline` is that of all attempts; without one it is
        the first attempt's, and others have the rest of the request's time.
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
        """Send the upload once, signed with the credentials and the time of this attempt."""
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
        """Pause before the next attempt; False where none is left, no time for one, or SLS fails."""
        if seconds is None:
            return False
        # Not the random module, which would be imported, and seeded, at every cold start for this alone.
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
