"""Writes one spooled batch to SLS and determines what happens to the batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from shared.alibaba.put_logs import Outcome, error_code, outcome, reason, signed_write
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable
from shared.spool.format import Spooled

# Statuses of a refused body (SLS documentation, "Error codes"), and codes with such a status that are about
# the request itself: with a corrected replay or clock, SLS accepts the same batch.
_OF_THE_BODY = frozenset({400, 411, 413, 415})
_OF_THE_REQUEST = frozenset(
    {
        "InvalidAPIVersion",
        "InvalidDateFormat",
        "MissingAPIVersion",
        "MissingDate",
        "MissingHost",
        "MissingSignatureMethod",
        "InvalidSignatureMethod",
        "RequestTimeTooSkewed",
    }
)


class Fate(Enum):
    """The decision about a batch."""

    WRITTEN = "written"
    THROTTLED = "throttled"  # SLS accepts it at a lower rate
    LATER = "later"  # SLS temporarily accepts nothing
    UNFIT = "unfit"  # SLS will never accept this batch
    LOGSTORE = "logstore"  # SLS accepts nothing for this Logstore until a configuration is corrected
    SETUP = "setup"  # SLS accepts nothing at all until a configuration is corrected


class WriteResult(NamedTuple):
    """A decision, and its reason for the log."""

    fate: Fate
    reason: str


class Writer:
    """Writes batches to one Project."""

    def __init__(self, upstream: HttpClient, region: str, credentials: Callable[[], Credentials]) -> None:
        """`credentials` is called for each write."""
        self._upstream = upstream
        self._region = region
        self._credentials = credentials

    async def write(self, batch: Spooled, deadline: Deadline) -> WriteResult:
        """Write a batch with its own time, without retries; after the deadline the result is LATER."""
        path, headers = signed_write(
            batch.logstore, batch.body, self._upstream.host, self._region, self._credentials(), time.time()
        )
        try:
            answer = await self._upstream.exchange(
                "POST", path, [*headers.items()], batch.body, deadline=deadline
            )
        except Unreachable as error:
            return WriteResult(Fate.LATER, str(error))
        return WriteResult(_fate(answer), reason(answer))


def _fate(answer: Answer) -> Fate:
    became = outcome(answer)
    if became is Outcome.WRITTEN:
        return Fate.WRITTEN
    if became is Outcome.THROTTLED:
        return Fate.THROTTLED
    if became is Outcome.PASSING:
        return Fate.LATER
    code = error_code(answer)
    # Without a code the answer is not from SLS, and no batch is rejected because of it.
    if answer.status in _OF_THE_BODY and code and code not in _OF_THE_REQUEST:
        return Fate.UNFIT
    return Fate.LOGSTORE if code == "LogStoreNotExist" or answer.status == 403 else Fate.SETUP
