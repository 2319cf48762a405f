"""Forwarding a write to SLS until SLS has confirmed it, refused it for good, or the time is up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from shared.alibaba.put_logs import Write
from shared.alibaba.sls_answer import Outcome, outcome, reason
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError, Notes
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable

PAUSES = (0.1, 0.3, 0.9, 1.8)  # seconds between attempts, each varied by half
SHORTEST_ATTEMPT = 1.0  # seconds; an attempt gets half of the time left, but not less than this
BUSY = "the log service cannot be reached for now"
RETRY_AFTER = 5  # seconds that a client is told to wait

Headers = Callable[[], Mapping[str, str]]


class _Failed(Exception):
    """An attempt that another may make good; `outcome` is the answer if none does."""

    def __init__(self, outcome: ApiError) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


async def forward(
    upstream: HttpClient, write: Write, headers: Headers, deadline: Deadline, notes: Notes
) -> None:
    """Return once SLS has answered 200.

    `headers` is called for each attempt, so that each is signed with the credentials and the time of its own.
    Tried again, with growing pauses: no answer, 5xx, a write quota; a 401 once (SLS documentation, "Error
    codes"). `notes` gets the number of attempts and the milliseconds that all of this took. Raises ApiError:
    ServerBusy (503), WriteQuotaExceed (429), UpstreamRejected (502).
    """
    began = time.monotonic()
    notes["attempts"] = 0
    try:
        await _forward(upstream, write, headers, deadline, notes)
    finally:
        notes["upstreamMs"] = round(1000 * (time.monotonic() - began), 1)


async def _forward(
    upstream: HttpClient, write: Write, headers: Headers, deadline: Deadline, notes: Notes
) -> None:
    pauses = iter(PAUSES)
    refreshed = False
    for attempt in range(1, len(PAUSES) + 3):  # the first, one after each pause, one after a 401
        notes["attempts"] = attempt
        try:
            answer, came_to = await _attempt(upstream, write, headers(), deadline)
        except _Failed as failure:
            if not await _wait(upstream, next(pauses, None), deadline):
                raise failure.outcome from None
            continue
        if came_to is Outcome.WRITTEN:
            return
        if came_to is not Outcome.UNAUTHORIZED or refreshed:
            raise _rejected(answer)
        refreshed = True
    raise AssertionError("the pauses have an end")


async def _attempt(
    upstream: HttpClient, write: Write, headers: Mapping[str, str], deadline: Deadline
) -> tuple[Answer, Outcome]:
    """Return an answer that settles the matter: confirmed, or refused for good."""
    share = deadline.within(max(deadline.remaining() / 2, SHORTEST_ATTEMPT))
    try:
        answer = await upstream.exchange(
            "POST", write.path, list(headers.items()), write.body, deadline=share
        )
    except Unreachable as error:
        raise _Failed(_busy(str(error))) from error
    came_to = outcome(answer)
    if came_to is Outcome.PASSING:
        raise _Failed(_busy(reason(answer)))
    if came_to is Outcome.THROTTLED:
        message = "the log service is limiting writes for now"
        raise _Failed(ApiError(WRITE_QUOTA_EXCEED, message, detail=reason(answer), retry_after=RETRY_AFTER))
    return answer, came_to


async def _wait(upstream: HttpClient, pause: float | None, deadline: Deadline) -> bool:
    """Pause before the next attempt; False where none is left, or no time for one."""
    if pause is None:
        return False
    # Not the random module, which would be imported, and seeded, at every cold start for this alone.
    seconds = pause * (0.5 + os.urandom(1)[0] / 255)
    if seconds >= deadline.remaining():
        return False
    await upstream.network.pause(seconds)
    return True


def _busy(reason: str) -> ApiError:
    return ApiError(SERVER_BUSY, BUSY, detail=reason, retry_after=RETRY_AFTER)


def _rejected(answer: Answer) -> ApiError:
    return ApiError(UPSTREAM_REJECTED, "the log service refused the write", detail=reason(answer))
