"""The credential cache: one credential per instance, renewed before it expires by one request.

    cached credential       what a request gets
    ----------------------  ---------------------------------------------------------------
    under half its life     the cached one
    older, still valid      the first request renews it; all others get the cached one at once;
                            a failed renewal is reported, and retried after a pause
    none, or not valid      the first request fetches one; the others wait for its result

Valid means at least 10 minutes left: the browser SDK uses a credential for 5 minutes without checking its
`Expiration` (@aliyun-sls/web-sts-plugin 0.3.9, `refreshSTSTokenInterval`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.blocking import BLOCKING

if TYPE_CHECKING:
    from shared.network.interface import Network, Signal

MIN_LEFT = 600  # seconds of remaining lifetime that an issued credential must have
MARGIN = 60  # seconds before MIN_LEFT at which a renewal starts at the latest, for any lifetime
PAUSE = 30  # seconds between two calls while the cached one is valid
PATIENCE = 3.0  # seconds that a request waits for a renewal while the cached one is valid


class Expiring(Protocol):
    """Something that expires."""

    @property
    def expires(self) -> float:
        """The time of expiry, in epoch seconds."""


T = TypeVar("T", bound=Expiring)
Fetch = Callable[[Deadline], Awaitable[T]]


class _PendingFetch(msgspec.Struct, Generic[T]):
    """A running fetch, and its result for the waiting requests."""

    finished: Signal
    credential: T | None = None
    error: ApiError | None = None


class CredentialCache(Generic[T]):
    """Caches one credential, of any type that expires."""

    def __init__(self, network: Network = BLOCKING, clock: Callable[[], float] = time.time) -> None:
        """Start empty; `clock` returns epoch seconds."""
        self._network = network
        self._clock = clock
        self._lock = threading.Lock()
        self._held: T | None = None
        self._renew_at = 0.0
        self._pending: _PendingFetch[T] | None = None

    async def get(self, fetch: Fetch[T], deadline: Deadline, *, report: Callable[[ApiError], None]) -> T:
        """Return a credential with at least MIN_LEFT seconds left, by the deadline.

        When a new credential is due, one caller at a time awaits `fetch`. If the fetch fails with an ApiError
        while a valid credential is cached, `report` gets the error and the cached credential is returned;
        otherwise the error is raised. Raises ApiError: UPSTREAM_REJECTED if the fetched credential is not
        valid long enough, SERVER_BUSY if another caller's fetch takes longer than the deadline.
        """
        with self._lock:
            now = self._clock()
            held = self._held if self._held is not None and self._held.expires - now >= MIN_LEFT else None
            if held is not None and (self._pending is not None or now < self._renew_at):
                return held
            under_way, pending = self._pending, self._pending or _PendingFetch[T](self._network.signal())
            self._pending = pending
        if under_way is not None:
            return await _wait(under_way, deadline)
        if held is None:
            return await self._fetch(pending, fetch, deadline)
        try:
            return await self._fetch(pending, fetch, deadline.within(PATIENCE))
        except ApiError as error:
            if held.expires - self._clock() < MIN_LEFT:  # no longer valid after the wait
                raise
            report(error)
            return held

    async def _fetch(self, pending: _PendingFetch[T], fetch: Fetch[T], deadline: Deadline) -> T:
        """Fetch a credential, cache it, and give the result to the waiting requests."""
        try:
            pending.credential = credential = _good(await fetch(deadline), self._clock())
        except ApiError as error:
            pending.error = error
            raise
        finally:
            self._finish(pending)
        return credential

    def _finish(self, pending: _PendingFetch[T]) -> None:
        with self._lock:
            now = self._clock()
            self._renew_at = now + PAUSE
            if pending.credential is not None:
                self._held = pending.credential
                left = pending.credential.expires - now
                self._renew_at = now + max(min(left / 2, left - MIN_LEFT - MARGIN), PAUSE)
            self._pending = None
        pending.finished.give()


def _good(credential: T, now: float) -> T:
    left = credential.expires - now
    if left < MIN_LEFT:
        detail = f"the fetched credential is valid for {left:.0f} s; at least {MIN_LEFT} s are required"
        raise ApiError(UPSTREAM_REJECTED, "no token is available", detail=detail)
    return credential


async def _wait(pending: _PendingFetch[T], deadline: Deadline) -> T:
    await pending.finished.wait(deadline.remaining())
    if pending.credential is not None:
        return pending.credential
    if pending.error is not None:
        raise pending.error
    raise ApiError(
        SERVER_BUSY,
        "no token is available now",
        detail="another request's fetch did not finish in time",
        retry_after=2,
    )
