"""Delivering an upload: to SLS, with retries; where that fails, to the spool, from which replay writes it.

A write that got no answer may have been stored all the same, and repeating it may store it twice. So the
first attempt gets most of the time. What SLS surely did not take is repeated; what is in doubt goes to the
spool, or without one is repeated once. Whatever SLS does, at most two copies of a log are written here.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from functions.track.settings import TrackSettings
from functions.track.upload import Upload, with_time
from shared.alibaba.put_logs import Outcome, outcome, reason, signed_write, unsigned_write
from shared.credentials import CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError
from shared.http.response import Notes
from shared.network.client import HttpClient, Unreachable
from shared.network.interface import Network

if TYPE_CHECKING:
    from functions.track.spool import Spool

PAUSES = (0.1, 0.3, 0.9, 1.8)  # seconds between attempts, each varied by half
FIRST_SHARE = 0.75  # of the time that a request has; the rest is for the spool, or for another attempt
RETRY_AFTER = 5  # seconds that a client is told to wait
BUSY = "the log service cannot be reached for now"

_AGAIN = frozenset({Outcome.PASSING, Outcome.THROTTLED, Outcome.UNREACHED, Outcome.IN_DOUBT})
# What SLS may take later: a fault passes, a quota grows back, a wrong name or a missing right is corrected.
_SPOOLED = (SERVER_BUSY, WRITE_QUOTA_EXCEED, UPSTREAM_REJECTED)


class Delivered(msgspec.Struct, frozen=True):
    """What came of an upload; `problem` is why SLS does not have it. Spooled, it cannot be lost either."""

    notes: Notes  # for the log line
    problem: ApiError | None = None
    spooled: bool = False


class Delivery:
    """Writes to the configured Project, and to the spool if there is one."""

    def __init__(self, settings: TrackSettings, credentials: CredentialSource, network: Network) -> None:
        self._anonymous = settings.anonymous
        self._project = settings.project
        self._region = settings.region
        self._credentials = credentials
        self._network = network
        self._client = HttpClient(settings.address, network)
        self._spool = _spool(settings, credentials, network)

    async def deliver(self, upload: Upload) -> Delivered:
        """Return once SLS or the spool has confirmed the upload, or neither will.

        The problem is ServerBusy (503), WriteQuotaExceed (429) or UpstreamRejected (502). Raises ApiError
        where the function has no credentials.
        """
        began = time.monotonic()
        attempts, problem = await self._write(upload)
        spent = round(1000 * (time.monotonic() - began), 1)
        notes: dict[str, int | float] = {"logs": upload.logs, "attempts": attempts, "upstreamMs": spent}
        if upload.dropped:
            notes["dropped"] = upload.dropped
        if problem is None or self._spool is None or problem.kind not in _SPOOLED:
            return Delivered(notes, problem)
        refusal = await self._put_into(self._spool, upload)
        if refusal is None:
            return Delivered({**notes, "spooled": 1}, problem, spooled=True)
        return Delivered({**notes, "spooled": 0}, _busy(f"{problem.detail}; {refusal}"))

    async def _write(self, upload: Upload) -> tuple[int, ApiError | None]:
        """Write to SLS until it confirms, refuses for good or may have taken the write, or time is up.

        Returns the number of attempts, and what went wrong with the last. A 401 is repeated once (SLS
        documentation, "Error codes").
        """
        deadline = upload.deadline.within(upload.deadline.remaining() * FIRST_SHARE)
        attempts, pauses, refreshed, doubts = 0, iter(PAUSES), False, 0
        while True:
            attempts += 1
            became, problem = await self._attempt(upload, deadline)
            if self._spool is None:
                deadline = upload.deadline
            if became is Outcome.UNAUTHORIZED and not refreshed:
                refreshed = True
                continue
            doubts += became is Outcome.IN_DOUBT
            if became not in _AGAIN or doubts > (1 if self._spool is None else 0):
                return attempts, problem
            if not await self._pause(next(pauses, None), deadline):
                return attempts, problem

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
            return Outcome.IN_DOUBT if error.in_doubt else Outcome.UNREACHED, _busy(str(error))
        became = outcome(answer)
        return became, None if became is Outcome.WRITTEN else _problem(became, reason(answer))

    async def _pause(self, seconds: float | None, deadline: Deadline) -> bool:
        """Pause before the next attempt; False where none is left, or no time for one."""
        if seconds is None:
            return False
        # Not the random module, which would be imported, and seeded, at every cold start for this alone.
        seconds *= 0.5 + os.urandom(1)[0] / 255
        if seconds >= deadline.remaining():
            return False
        await self._network.pause(seconds)
        return True

    async def _put_into(self, spool: Spool, upload: Upload) -> str | None:
        """Return None once the spool has the upload, or why it has not."""
        from shared.spool.format import Spooled  # which the spool has imported

        body = with_time(upload.body, upload.received) if self._anonymous else upload.body
        batch = Spooled(self._project, upload.logstore, int(upload.received), body)
        return await spool.put(batch, upload.credentials, upload.deadline)


def _problem(became: Outcome, detail: str) -> ApiError:
    if became is Outcome.PASSING:
        return _busy(detail)
    if became is Outcome.THROTTLED:
        message = "the log service is limiting writes for now"
        return ApiError(WRITE_QUOTA_EXCEED, message, detail=detail, retry_after=RETRY_AFTER)
    return ApiError(UPSTREAM_REJECTED, "the log service refused the write", detail=detail)


def _busy(detail: str) -> ApiError:
    return ApiError(SERVER_BUSY, BUSY, detail=detail, retry_after=RETRY_AFTER)


def _spool(settings: TrackSettings, credentials: CredentialSource, network: Network) -> Spool | None:
    """Return the spool, if there is to be one; only then does a cold start pay for its import."""
    if settings.spool is None:
        return None
    from functions.track.spool import Spool

    return Spool(settings.spool, credentials, network)
