"""What SLS's answer to a write means."""

from __future__ import annotations

from enum import Enum

import msgspec

from shared.network.answers import Answer

_QUOTAS = frozenset({"WriteQuotaExceed", "ShardWriteQuotaExceed", "ProjectQuotaExceed"})


class Outcome(Enum):
    """What became of a write (SLS documentation, "Error codes")."""

    WRITTEN = "written"
    PASSING = "passing"  # a fault of the service's; worth trying again
    THROTTLED = "throttled"  # a quota is used up; worth trying again, later
    UNAUTHORIZED = "unauthorized"  # worth one more try, with credentials read afresh
    REFUSED = "refused"  # the same write is not taken until something is changed


def outcome(answer: Answer) -> Outcome:
    """Return what became of the write that `answer` answers."""
    if answer.status == 200:
        return Outcome.WRITTEN
    if answer.status >= 500:
        return Outcome.PASSING
    if answer.status == 429 or (answer.status == 403 and error_code(answer) in _QUOTAS):
        return Outcome.THROTTLED
    return Outcome.UNAUTHORIZED if answer.status == 401 else Outcome.REFUSED


def reason(answer: Answer) -> str:
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
