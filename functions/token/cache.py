"""The credential cache: one credential an instance, renewed ahead of time, right under many threads.

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
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError

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
Fetch = Callable[[Deadline], T]


class _Flight(Generic[T]):
    """A fetch under way, and what came of it for those who wait."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.credential: T | None = None
        self.error: ApiError | None = None


class CredentialCache(Generic[T]):
    """Holds one credential; what it is and where it comes from is its callers' business."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Hold nothing yet; `clock` gives epoch seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._held: T | None = None
        self._renew_at = 0.0
        self._flight: _Flight[T] | None = None

    def ready(self) -> T | None:
        """Return the held credential where nothing is due for it; None where `get` may have to wait."""
        with self._lock:
            return self._usable()

    def get(self, fetch: Fetch[T], deadline: Deadline, *, report: Callable[[ApiError], None]) -> T:
        """Return a credential with at least MIN_LEFT seconds left, by the deadline.

        `fetch` is called, by at most one thread at a time, where a new one is due. What it raises is raised
        here if no good credential is held; otherwise `report` is told of an ApiError and the held one is
        returned. Raises ApiError: UPSTREAM_REJECTED for a fetched credential that is not good, SERVER_BUSY
        where another thread's fetch takes longer than the deadline allows.
        """
        with self._lock:
            usable, held = self._usable(), self._good()
            if usable is not None:
                return usable
            under_way, flight = self._flight, self._flight or _Flight[T]()
            self._flight = flight
        if under_way is not None:
            return _wait(under_way, deadline)
        if held is None:
            return self._fly(flight, fetch, deadline)
        try:
            return self._fly(flight, fetch, deadline.within(PATIENCE))
        except ApiError as error:
            if self._good() is None:  # it stopped being so meanwhile
                raise
            report(error)
            return held

    def _usable(self) -> T | None:
        """Return what is held if it is good and its renewal, if due, is somebody else's business."""
        held = self._good()
        due = self._flight is None and self._clock() >= self._renew_at
        return None if due else held

    def _good(self) -> T | None:
        return self._held if self._held is not None and self._left(self._held) >= MIN_LEFT else None

    def _left(self, credential: T) -> float:
        return credential.expires - self._clock()

    def _fly(self, flight: _Flight[T], fetch: Fetch[T], deadline: Deadline) -> T:
        try:
            flight.credential = self._checked(fetch(deadline))
        except ApiError as error:
            flight.error = error
            raise
        finally:
            self._land(flight)
        return flight.credential

    def _checked(self, credential: T) -> T:
        left = self._left(credential)
        if left < MIN_LEFT:
            detail = f"the credential fetched is good for {left:.0f} s; at least {MIN_LEFT} are needed"
            raise ApiError(UPSTREAM_REJECTED, "no token can be had", detail=detail)
        return credential

    def _land(self, flight: _Flight[T]) -> None:
        with self._lock:
            now = self._clock()
            self._renew_at = now + PAUSE
            if flight.credential is not None:
                self._held = flight.credential
                left = self._left(flight.credential)
                self._renew_at = now + max(min(left / 2, left - MIN_LEFT - MARGIN), PAUSE)
            self._flight = None
        flight.landed.set()


def _wait(flight: _Flight[T], deadline: Deadline) -> T:
    flight.landed.wait(max(deadline.remaining(), 0))
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
