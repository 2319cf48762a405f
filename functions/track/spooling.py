"""Delivers to SLS first and to the spool if SLS fails, or the other way round while the breaker is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from functions.track.breaker import Breaker
from functions.track.delivered import Delivered, busy
from functions.track.settings import TrackSettings
from functions.track.spool import Spool
from functions.track.upload import Upload, with_time
from shared.credentials import CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError
from shared.spool.format import Spooled
from shared.spool.settings import SpoolSettings

if TYPE_CHECKING:
    from shared.network.interface import Network

_Notes = dict[str, str | int | float]
Write = Callable[[Upload, _Notes, Deadline, Breaker], Awaitable[ApiError | None]]
"""Writes an upload to SLS by a deadline. Returns None when it is confirmed, else the problem."""

# Problems after which SLS may accept the write later: a fault ends, a quota renews, a setting is corrected.
_SPOOLED = (SERVER_BUSY, WRITE_QUOTA_EXCEED, UPSTREAM_REJECTED)


class Spooling:
    """The spool of one instance, and its breakers, which decide when SLS is not asked."""

    def __init__(
        self, settings: TrackSettings, spool: SpoolSettings, credentials: CredentialSource, network: Network
    ) -> None:
        self._anonymous = settings.anonymous
        self._project = settings.project
        self._spool = Spool(spool, credentials, network)
        # One for each Logstore: if one hangs, it must not use up the instance's concurrent requests.
        self._breakers: Mapping[str, Breaker] = {logstore: Breaker() for logstore in settings.logstores}

    async def deliver(self, upload: Upload, notes: _Notes, first: Deadline, write: Write) -> Delivered:
        """Return when SLS or the spool has confirmed the upload, or both failed. SLS has until `first`."""
        breaker = self._breakers[upload.logstore]
        if breaker.open:
            notes["breaker"] = "open"
        if unfit := breaker.reason_not_to_ask(first.remaining()):
            return await self._spool_first(upload, notes, unfit, write)
        problem = await write(upload, notes, first, breaker)
        if problem is None or problem.kind not in _SPOOLED:
            return Delivered(notes, problem)
        refusal = await self._put(upload, notes, upload.deadline)
        if refusal is None:
            return Delivered(notes, problem, spooled=True)
        return Delivered(notes, busy(f"{problem.detail}; {refusal}"))

    async def _spool_first(self, upload: Upload, notes: _Notes, unfit: str, write: Write) -> Delivered:
        """Put the upload into the spool in half of the time; if that fails, write it to SLS after all."""
        notes["attempts"] = 0
        refusal = await self._put(upload, notes, upload.deadline.within(upload.deadline.remaining() / 2))
        if refusal is None:
            return Delivered(notes, busy(f"SLS was not asked: {unfit}"), spooled=True)
        problem = await write(upload, notes, upload.deadline, self._breakers[upload.logstore])
        return Delivered(notes, problem and busy(f"{refusal}; {problem.detail}"))

    async def _put(self, upload: Upload, notes: _Notes, deadline: Deadline) -> str | None:
        """Return None when the spool has confirmed the upload, else the reason, by the deadline."""
        body = with_time(upload.body, upload.received) if self._anonymous else upload.body
        batch = Spooled(self._project, upload.logstore, int(upload.received), body)
        refusal = await self._spool.put(batch, upload.credentials, deadline)
        notes["spooled"] = int(refusal is None)
        return refusal
