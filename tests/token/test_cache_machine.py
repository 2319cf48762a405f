"""Any order of requests, time and outages of STS, compared with the cache's guarantees."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.token.cache import MARGIN, MIN_LEFT, PAUSE, CredentialCache
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, ApiError
from shared.network.blocking import run


class Credential(NamedTuple):
    issued: float
    expires: float


class CacheMachine(RuleBasedStateMachine):
    """The model: the times of calls, their credentials, and the last issued one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000.0  # moves in steps of 0.5, so that sums are exact
        self.life = 3600
        self.sts_is_up = True
        self.slowness = 0.0
        self.calls = 0
        self.landed = float("-inf")  # when the last call ended
        self.reported = 0
        self.newest: Credential | None = None
        self.cache: CredentialCache[Credential] = CredentialCache(clock=lambda: self.now)

    async def fetch(self, _: Deadline) -> Credential:
        self.calls += 1
        self.now += self.slowness
        self.landed = self.now
        if not self.sts_is_up:
            raise ApiError(SERVER_BUSY, "down")
        credential = Credential(self.now, self.now + self.life)
        if self.life >= MIN_LEFT:
            self.newest = credential
        return credential

    def report(self, _: ApiError) -> None:
        self.reported += 1

    def good(self) -> bool:
        return self.newest is not None and self.newest.expires - self.now >= MIN_LEFT

    def due(self) -> bool:
        """Whether half its lifetime has passed, or its valid time is nearly over."""
        assert self.newest is not None
        left = self.newest.expires - self.now
        life = self.newest.expires - self.newest.issued
        return left <= max(life / 2, MIN_LEFT + MARGIN)

    @rule(seconds=st.integers(0, 2000) | st.sampled_from([PAUSE, 240, 300, 450, 1800, 3000, 50_000]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sts_goes_down_or_up(self) -> None:
        self.sts_is_up = not self.sts_is_up

    @rule(slowness=st.sampled_from([0.0, 0.5, 3.0]))
    def sts_gets_slow_or_fast(self, slowness: float) -> None:
        self.slowness = slowness

    @rule(life=st.sampled_from([300, 599, 600, 650, 900, 1200, 3600, 43_200]))
    def sts_issues_for(self, life: int) -> None:
        self.life = life

    @rule(times=st.integers(1, 5))
    def pages_ask(self, times: int) -> None:
        for _ in range(times):
            self.ask()

    def ask(self) -> None:
        before, was_good, calls, reported = self.newest, self.good(), self.calls, self.reported
        call_is_due = not was_good or (self.due() and self.now - self.landed >= PAUSE)
        try:
            got = run(self.cache.get(self.fetch, Deadline(9), report=self.report))
        except ApiError:
            assert not self.good(), "an error was answered with a good credential at hand"
            assert self.calls == calls + 1
            return
        assert got is self.newest
        assert got.expires - self.now >= MIN_LEFT
        assert self.calls - calls == call_is_due
        renewal_failed = self.calls > calls and got is before
        assert self.reported - reported == renewal_failed

    @precondition(lambda self: self.sts_is_up and self.life >= MIN_LEFT)
    @rule()
    def with_sts_up_there_is_always_a_credential(self) -> None:
        got = run(self.cache.get(self.fetch, Deadline(9), report=self.report))
        assert got.expires - self.now >= MIN_LEFT

    @invariant()
    def no_more_reports_than_calls(self) -> None:
        assert self.reported <= self.calls


CacheMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestCache = CacheMachine.TestCase
