"""Delivering a batch: to SLS, or where that fails into the spool, from which replay writes it later."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from functions.track.batch import Batch
from functions.track.encode import put_logs, put_webtracking
from functions.track.retry import BUSY, RETRY_AFTER, forward
from functions.track.settings import TrackSettings
from shared.alibaba.put_logs import Write, signed, unsigned
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError, Notes
from shared.network.client import HttpClient
from shared.network.interface import Network

if TYPE_CHECKING:
    from functions.track.spool import Spool

SPOOL_SHARE = 0.3  # of the time that a request has, kept for the spool
# What SLS may take later: a fault passes, a quota grows back, a wrong name or right is put right.
SPOOLED = (SERVER_BUSY, WRITE_QUOTA_EXCEED, UPSTREAM_REJECTED)


class Delivered(msgspec.Struct, frozen=True):
    """A batch that cannot be lost any more; `problem` is why it is in the spool, where it is."""

    notes: Notes
    problem: ApiError | None = None


class Delivery:
    """Writes to the configured Project, and to the spool if there is one."""

    def __init__(self, settings: TrackSettings, credentials: CredentialSource, network: Network) -> None:
        self._settings = settings
        self._credentials = credentials
        self._upstream = HttpClient(settings.address, network)
        self._spool = _spool(settings, credentials, network)

    async def deliver(
        self, batch: Batch, logstore: str, given: Credentials | None, deadline: Deadline
    ) -> Delivered:
        """Return once SLS or the spool has confirmed the batch.

        `given` are the function's own credentials, where its host hands them along. Raises ApiError, with
        notes for the log: what SLS's refusal comes to where there is no spool, otherwise ServerBusy (503)
        where OSS does not take the batch either.
        """
        notes: Notes = {"logs": len(batch.logs)}
        received = time.time()
        try:
            await self._forward(batch, logstore, received, given, deadline, notes)
        except ApiError as refusal:
            refusal.notes = notes
            if self._spool is None or refusal.kind not in SPOOLED:
                raise
            await self._put_aside(self._spool, batch, logstore, received, given, deadline, refusal)
            return Delivered(notes, refusal)
        return Delivered(notes)

    async def _put_aside(
        self,
        spool: Spool,
        batch: Batch,
        logstore: str,
        received: float,
        given: Credentials | None,
        deadline: Deadline,
        refusal: ApiError,
    ) -> None:
        """Put a batch that SLS refused into the spool, and note whether it got there. Raises ApiError."""
        refusal.notes["spooled"] = 0
        body = put_logs(batch, logstore, int(received)).body
        reason = await spool.put(logstore, received, body, given, deadline)
        if reason is not None:
            both = f"{refusal.detail}; {reason}"
            raise ApiError(SERVER_BUSY, BUSY, detail=both, retry_after=RETRY_AFTER, notes=refusal.notes)
        refusal.notes["spooled"] = 1

    async def _forward(
        self,
        batch: Batch,
        logstore: str,
        received: float,
        given: Credentials | None,
        deadline: Deadline,
        notes: Notes,
    ) -> None:
        if self._settings.anonymous:
            write = put_webtracking(batch, logstore)
        else:
            write = put_logs(batch, logstore, int(received))
        if self._spool is not None:
            deadline = deadline.within(deadline.remaining() * (1 - SPOOL_SHARE))
        await forward(self._upstream, write, lambda: self._headers(write, given), deadline, notes)

    def _headers(self, write: Write, given: Credentials | None) -> Mapping[str, str]:
        if self._settings.anonymous:
            return unsigned(write)
        credentials = self._credentials.read(given)
        return signed(write, self._upstream.host, self._settings.region, credentials, time.time())


def _spool(settings: TrackSettings, credentials: CredentialSource, network: Network) -> Spool | None:
    """Return the spool, if there is to be one; only then does a cold start pay for its import."""
    if settings.spool is None:
        return None
    from functions.track.spool import Spool

    return Spool(settings.spool, settings.project, credentials, network)
