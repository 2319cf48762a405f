"""The credential cache: one credential for each instance, renewed ahead of time by one request.

    held for                what a request gets
    ----------------------  ---------------------------------------------------------------
    under half its life     the held one
    longer, still good      the first to come renews it; all others get the held one at once;
                            a renewal that fails is reported, and tried again after a pause
    nothing good held       the first to come fetches; the others wait for what it gets

Good means at least 10 minutes left: the browser SDK uses a credential for 5 without looking at its
`Expiration` (@aliyun-sls/web-sts-plugin 0.3.9, `refreshSTSTokenInterval`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.blocking import BLOCKING
from shared.network.interface import Network, Signal

MIN_LEFT = 600  # seconds a credential is still good for when it is handed out
MARGIN = 60  # seconds before it stops being good by which a renewal is tried, however short its life
PAUSE = 30  # seconds between two calls while a good credential is held
PATIENCE = 3.0  # seconds that one request waits for a renewal while a good credential is held


class Expiring(Protocol):
    """Something that expires."""

    @property
    def expires(self) -> float:
        """The moment from which it is worth nothing, in epoch seconds."""


T = TypeVar("T", bound=Expiring)
Fetch = Callable[[Deadline], Awaitable[T]]


class _Flight(msgspec.Struct, Generic[T]):
    """A fetch under way, and what came of it for those who wait."""

    landed: Signal
    credential: T | None = None
    error: ApiError | None = None


class CredentialCache(Generic[T]):
    """Holds one credential, of any kind that expires."""

    def __init__(self, network: Network = BLOCKING, clock: Callable[[], float] = time.time) -> None:
        """Hold nothing yet; `clock` gives epoch seconds."""
        self._network = network
        self._clock = clock
        self._lock = threading.Lock()
        self._held: T | None = None
        self._renew_at = 0.0
        self._flight: _Flight[T] | None = None

    async def get(self, fetch: Fetch[T], deadline: Deadline, *, report: Callable[[ApiError], None]) -> T:
        """Return a credential with at least MIN_LEFT seconds left, by the deadline.

        `fetch` is awaited, by at most one caller at a time, where a new one is due. What it raises is raised
        here if no good credential is held; otherwise `report` is told of an ApiError and the held one is
        returned. Raises ApiError: UPSTREAM_REJECTED for a fetched credential that is not good, SERVER_BUSY
        where another caller's fetch takes longer than the deadline allows.
        """
        with self._lock:
            now = self._clock()
            held = self._held if self._held is not None and self._held.expires - now >= MIN_LEFT else None
            if held is not None and (self._flight is not None or now < self._renew_at):
                return held
            under_way, flight = self._flight, self._flight or _Flight[T](self._network.signal())
            self._flight = flight
        if under_way is not None:
            return await _wait(under_way, deadline)
        if held is None:
            return await self._fly(flight, fetch, deadline)
        try:
            return await self._fly(flight, fetch, deadline.within(PATIENCE))
        except ApiError as error:
            if held.expires - self._clock() < MIN_LEFT:  # it stopped being good meanwhile
                raise
            report(error)
            return held

    async def _fly(self, flight: _Flight[T], fetch: Fetch[T], deadline: Deadline) -> T:
        """Fetch a credential, hold it, and tell those who wait what came of it."""
        try:
            flight.credential = credential = _good(await fetch(deadline), self._clock())
        except ApiError as error:
            flight.error = error
            raise
        finally:
            self._land(flight)
        return credential

    def _land(self, flight: _Flight[T]) -> None:
        with self._lock:
            now = self._clock()
            self._renew_at = now + PAUSE
            if flight.credential is not None:
                self._held = flight.credential
                left = flight.credential.expires - now
                self._renew_at = now + max(min(left / 2, left - MIN_LEFT - MARGIN), PAUSE)
            self._flight = None
        flight.landed.give()


def _good(credential: T, now: float) -> T:
    left = credential.expires - now
    if left < MIN_LEFT:
        detail = f"the credential fetched is good for {left:.0f} s; at least {MIN_LEFT} are needed"
        raise ApiError(UPSTREAM_REJECTED, "no token can be had", detail=detail)
    return credential


async def _wait(flight: _Flight[T], deadline: Deadline) -> T:
    await flight.landed.wait(deadline.remaining())
    if flight.credential is not None:
        return flight.credential
    if flight.error is not None:
        raise flight.error
    raise ApiError(
        SERVER_BUSY,
        "no token can be had just now",
        detail="waited for a fetch that got nowhere",
        retry_after=2,
    )
