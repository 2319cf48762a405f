"""The result of delivering an upload."""

from __future__ import annotations

import msgspec

from shared.http.errors import SERVER_BUSY, ApiError
from shared.http.response import Notes

RETRY_AFTER = 5  # seconds that a client is told to wait
BUSY = "the log service cannot be reached for now"


class Delivered(msgspec.Struct, frozen=True):
    """The result for an upload; `problem` is why SLS has not confirmed it. A spooled upload is safe too."""

    notes: Notes  # for the log line
    problem: ApiError | None = None
    spooled: bool = False


def busy(detail: str) -> ApiError:
    """Return the problem of an upload that was not stored; `detail` is for the log."""
    return ApiError(SERVER_BUSY, BUSY, detail=detail, retry_after=RETRY_AFTER)
