"""Forwarding a write to SLS until SLS has confirmed it, refused it for good, or the time is up."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import msgspec

from functions.track.write import Write
from shared.deadline import Deadline
from shared.errors import SERVER_BUSY, UPSTREAM_REJECTED, WRITE_QUOTA_EXCEED, ApiError
from shared.http_answer import Answer
from shared.upstream import Upstream, UpstreamUnreachable

PAUSES = (0.1, 0.3, 0.9, 1.8)  # seconds between attempts, each varied by half
SHORTEST_ATTEMPT = 1.0  # seconds; an attempt gets half of the time left, but not less than this
RETRY_AFTER = 5  # seconds that a client is told to wait

_QUOTAS = frozenset({"WriteQuotaExceed", "ShardWriteQuotaExceed", "ProjectQuotaExceed"})

Headers = Callable[[], Mapping[str, str]]


class _Failed(Exception):
    """An attempt that another may make good; `outcome` is the answer if none does."""

    def __init__(self, outcome: ApiError) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


async def forward(upstream: Upstream, write: Write, headers: Headers, deadline: Deadline) -> None:
    """Return once SLS has answered 200.

    `headers` is called for each attempt, so that each is signed with the credentials and the time of its own.
    Tried again, with growing pauses: no answer, 5xx, a write quota; a 401 once (SLS documentation, "Error
    codes"). Raises ApiError: ServerBusy (503), WriteQuotaExceed (429), UpstreamRejected (502).
    """
    pauses = iter(PAUSES)
    refreshed = False
    while True:
        try:
            answer = await _attempt(upstream, write, headers(), deadline)
        except _Failed as failure:
            if not await _wait(upstream, next(pauses, None), deadline):
                raise failure.outcome from None
            continue
        if answer.status == 200:
            return
        if answer.status != 401 or refreshed:
            raise _rejected(answer)
        refreshed = True


async def _attempt(
    upstream: Upstream, write: Write, headers: Mapping[str, str], deadline: Deadline
) -> Answer:
    """Return an answer that settles the matter: confirmed, or refused for good."""
    share = deadline.within(max(deadline.remaining() / 2, SHORTEST_ATTEMPT))
    try:
        answer = await upstream.exchange(
            "POST", write.path, list(headers.items()), write.body, deadline=share
        )
    except UpstreamUnreachable as error:
        raise _Failed(_busy(str(error))) from error
    if answer.status >= 500:
        raise _Failed(_busy(_reason(answer)))
    if answer.status == 429 or (answer.status == 403 and error_code(answer) in _QUOTAS):
        message = "the log service is limiting writes for now"
        raise _Failed(ApiError(WRITE_QUOTA_EXCEED, message, detail=_reason(answer), retry_after=RETRY_AFTER))
    return answer


async def _wait(upstream: Upstream, pause: float | None, deadline: Deadline) -> bool:
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
    message = "the log service cannot be reached for now"
    return ApiError(SERVER_BUSY, message, detail=reason, retry_after=RETRY_AFTER)


def _rejected(answer: Answer) -> ApiError:
    return ApiError(UPSTREAM_REJECTED, "the log service refused the write", detail=_reason(answer))


def _reason(answer: Answer) -> str:
    """Return what the log may say of a refusal: SLS's code and request id, not its words."""
    request_id = answer.headers.get("x-log-requestid", "none")
    return f"SLS answered {answer.status} {error_code(answer)}, request id {request_id}"


class _SlsError(msgspec.Struct):
    code: str = msgspec.field(name="errorCode", default="")


def error_code(answer: Answer) -> str:
    """Return the errorCode in SLS's answer, "" where it has none."""
    try:
        return msgspec.json.decode(answer.body, type=_SlsError).code
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
