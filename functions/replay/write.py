"""Writing one spooled batch to SLS, and what its answer means for the batch."""

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

# Refusals of the body (SLS documentation, "Error codes"), unless the code says that it is the request around
# it, which replay makes: then another version or a right clock gets the same batch written.
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
    """What is to become of a batch."""

    WRITTEN = "written"
    THROTTLED = "throttled"  # SLS takes it when it is asked for less at a time
    LATER = "later"  # SLS cannot take anything just now
    UNFIT = "unfit"  # SLS will never take this batch
    LOGSTORE = "logstore"  # SLS takes nothing for this Logstore until something is set right
    SETUP = "setup"  # SLS takes nothing at all until something is set right


class WriteResult(NamedTuple):
    """A fate, and for the log why."""

    fate: Fate
    reason: str


class Writer:
    """Writes batches to one Project."""

    def __init__(self, upstream: HttpClient, region: str, credentials: Callable[[], Credentials]) -> None:
        """`credentials` is asked for each write."""
        self._upstream = upstream
        self._region = region
        self._credentials = credentials

    async def write(self, batch: Spooled, deadline: Deadline) -> WriteResult:
        """Write a batch with the time it holds, once; at the deadline it is LATER."""
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
    # Without a code it is not SLS that speaks, and no batch is given up on another's word.
    if answer.status in _OF_THE_BODY and code and code not in _OF_THE_REQUEST:
        return Fate.UNFIT
    return Fate.LOGSTORE if code == "LogStoreNotExist" or answer.status == 403 else Fate.SETUP
