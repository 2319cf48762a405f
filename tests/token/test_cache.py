from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import pytest
from pytest_mock import MockerFixture

from functions.token.cache import MARGIN, MIN_LEFT, PATIENCE, PAUSE, CredentialCache, Fetch
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.blocking import run

START = 1_800_000_000.0
DOWN = ApiError(SERVER_BUSY, "no token is available now", retry_after=2)


class Credential(NamedTuple):
    number: int
    expires: float


class Issuer:
    """Issues credentials with a given lifetime on the test's clock, or fails."""

    def __init__(self, life: float = 3600) -> None:
        self.now, self.life, self.calls = START, life, 0
        self.failure: Exception | None = None
        self.deadlines: list[float] = []
        self.reported: list[ApiError] = []
        self.cache: CredentialCache[Credential] = CredentialCache(clock=lambda: self.now)

    async def fetch(self, deadline: Deadline) -> Credential:
        self.calls += 1
        self.deadlines.append(deadline.remaining())
        if self.failure is not None:
            raise self.failure
        return Credential(self.calls, self.now + self.life)

    def get(self, fetch: Fetch[Credential] | None = None, seconds: float = 9) -> Credential:
        return run(self.cache.get(fetch or self.fetch, Deadline(seconds), report=self.reported.append))


def test_a_thousand_requests_are_one_call() -> None:
    issuer = Issuer()
    assert {issuer.get().number for _ in range(1000)} == {1}
    assert issuer.calls == 1


def test_a_credential_is_renewed_after_half_its_lifetime() -> None:
    issuer = Issuer(3600)
    issuer.get()
    issuer.now += 1799
    assert issuer.get().number == 1
    issuer.now += 1
    assert issuer.get().number == 2
    issuer.now += 1799
    assert issuer.get().number == 2
    assert issuer.calls == 2


def test_a_short_credential_is_renewed_a_margin_before_ten_minutes_are_left() -> None:
    issuer = Issuer(900)
    issuer.get()
    issuer.now += 900 - MIN_LEFT - MARGIN - 1
    assert issuer.get().number == 1
    issuer.now += 1
    assert issuer.get().number == 2


def test_a_credential_with_exactly_ten_minutes_left_is_handed_out_and_one_with_less_is_not() -> None:
    issuer = Issuer(900)
    issuer.get()
    issuer.failure = DOWN
    issuer.now += 900 - MIN_LEFT
    assert issuer.get().number == 1
    issuer.now += 0.001
    with pytest.raises(ApiError) as caught:
        issuer.get()
    assert caught.value is DOWN


def test_a_failure_is_only_reported_while_a_valid_credential_is_cached() -> None:
    issuer = Issuer(3600)
    issuer.get()
    issuer.now += 1800
    issuer.failure = DOWN
    assert issuer.get().number == 1
    assert issuer.reported == [DOWN]


def test_after_a_failed_renewal_there_is_a_pause_before_the_next_try() -> None:
    issuer = Issuer(3600)
    issuer.get()
    issuer.now += 1800
    issuer.failure = DOWN
    for _ in range(100):
        issuer.get()
    assert issuer.calls == 2
    issuer.now += PAUSE
    issuer.failure = None
    assert issuer.get().number == 3


def test_a_failure_with_an_empty_cache_is_raised_and_the_next_request_retries() -> None:
    issuer = Issuer()
    issuer.failure = DOWN
    for _ in range(2):
        with pytest.raises(ApiError) as caught:
            issuer.get()
        assert caught.value is DOWN
    assert issuer.calls == 2
    assert issuer.reported == []
    issuer.failure = None
    assert issuer.get().number == 3


def test_a_credential_that_comes_with_under_ten_minutes_is_refused() -> None:
    issuer = Issuer(MIN_LEFT - 1)
    with pytest.raises(ApiError) as caught:
        issuer.get()
    assert caught.value.kind is UPSTREAM_REJECTED
    assert "599 s" in (caught.value.detail or "")


def test_a_renewal_that_brings_too_short_a_credential_leaves_the_held_one_in_place() -> None:
    issuer = Issuer(3600)
    issuer.get()
    issuer.now += 1800
    issuer.life = 60
    assert issuer.get().number == 1
    assert [error.kind for error in issuer.reported] == [UPSTREAM_REJECTED]


def test_a_credential_that_is_always_nearly_expired_is_not_fetched_at_every_request() -> None:
    issuer = Issuer(MIN_LEFT + PAUSE)
    for _ in range(PAUSE):
        issuer.get()
        issuer.now += 1
    assert issuer.calls == 1


def test_a_held_credential_that_ends_while_it_is_being_renewed_is_not_handed_out() -> None:
    issuer = Issuer(900)
    issuer.get()
    issuer.now += 900 - MIN_LEFT

    async def slow(_: Deadline) -> Credential:
        issuer.now += 2
        raise DOWN

    with pytest.raises(ApiError) as caught:
        issuer.get(slow)
    assert caught.value is DOWN


def test_a_renewal_may_take_a_part_of_the_requests_time_and_a_first_fetch_all_of_it() -> None:
    issuer = Issuer(3600)
    issuer.get(seconds=9)
    issuer.now += 1800
    issuer.get(seconds=9)
    first, renewal = issuer.deadlines
    assert first > PATIENCE + 1
    assert renewal <= PATIENCE


def test_a_bug_in_a_fetch_is_not_hidden_and_does_not_block_the_next() -> None:
    issuer = Issuer()
    issuer.failure = KeyError("bug")
    with pytest.raises(KeyError):
        issuer.get()
    issuer.failure = None
    assert issuer.get().number == 2


class Gate:
    """A fetch that waits until the test opens it."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer, self.entered, self.opened = issuer, threading.Event(), threading.Event()

    async def fetch(self, deadline: Deadline) -> Credential:
        self.entered.set()
        assert self.opened.wait(60)
        return await self.issuer.fetch(deadline)

    def open_for(self, mocker: MockerFixture, waiters: int, join: Callable[[], None]) -> None:
        """Have `join` start the threads, and open when that many wait for the running fetch."""
        assert self.entered.wait(60)
        flight = self.issuer.cache._pending
        assert flight is not None
        arrivals, wait = threading.Semaphore(0), flight.finished.wait

        async def counted(seconds: float) -> None:
            arrivals.release()
            await wait(seconds)

        mocker.patch.object(flight.finished, "wait", counted)
        join()
        assert all(arrivals.acquire(timeout=60) for _ in range(waiters))
        self.opened.set()


def fifty(issuer: Issuer, mocker: MockerFixture) -> list[Future[Credential]]:
    """Fifty concurrent requests, all started before the first fetch ends."""
    gate = Gate(issuer)
    results: list[Future[Credential]] = []
    with ThreadPoolExecutor(50) as pool:
        results.append(pool.submit(issuer.get, gate.fetch))
        more = partial(results.extend, (pool.submit(issuer.get, gate.fetch) for _ in range(49)))
        gate.open_for(mocker, 49, more)
    return results


def test_fifty_threads_with_an_empty_cache_make_one_call(mocker: MockerFixture) -> None:
    issuer = Issuer()
    assert {result.result().number for result in fifty(issuer, mocker)} == {1}
    assert issuer.calls == 1


def test_fifty_threads_share_one_failure(mocker: MockerFixture) -> None:
    issuer = Issuer()
    issuer.failure = DOWN
    assert all(result.exception() is DOWN for result in fifty(issuer, mocker))
    assert issuer.calls == 1


def test_requests_that_waited_for_a_fetch_with_a_bug_get_503(
    mocker: MockerFixture,
) -> None:
    issuer = Issuer()
    issuer.failure = KeyError("bug")
    first, *others = (result.exception() for result in fifty(issuer, mocker))
    assert isinstance(first, KeyError)
    assert {error.kind for error in others if isinstance(error, ApiError)} == {SERVER_BUSY}
    assert all(isinstance(error, ApiError) for error in others)


def test_a_thread_does_not_wait_for_a_renewal_while_a_valid_credential_is_cached() -> None:
    issuer = Issuer(3600)
    issuer.get()
    issuer.now += 1800
    gate = Gate(issuer)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(issuer.get, gate.fetch)
        assert gate.entered.wait(60)
        assert [issuer.get().number for _ in range(20)] == [1] * 20
        gate.opened.set()
        assert renewal.result(60).number == 2
    assert issuer.get().number == 2


def test_a_thread_waits_for_anothers_fetch_no_longer_than_its_deadline() -> None:
    issuer = Issuer()
    gate = Gate(issuer)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(issuer.get, gate.fetch)
        assert gate.entered.wait(60)
        began = time.monotonic()
        with pytest.raises(ApiError) as caught:
            issuer.get(seconds=0.05)
        assert time.monotonic() - began < 20
        assert caught.value.kind is SERVER_BUSY
        assert "Retry-After" in caught.value.headers
        gate.opened.set()
        assert slow.result(60).number == 1


def test_a_hit_costs_microseconds() -> None:
    issuer = Issuer()
    issuer.get()
    deadline = Deadline(60)
    began = time.thread_time()
    for _ in range(10_000):
        run(issuer.cache.get(issuer.fetch, deadline, report=issuer.reported.append))
    assert (time.thread_time() - began) / 10_000 < 100e-6
