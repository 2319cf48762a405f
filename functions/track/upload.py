"""An upload: a batch as the bytes that are sent to SLS, with all that its delivery needs.

Made from the configuration and the batch alone: nothing of the client's path or headers gets into it. Once it
is made, neither the request's body nor the parsed batch is needed any more.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from functions.track.batch import Batch
from functions.track.limits import MAX_BODY, MAX_FORWARDED
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.http.errors import POST_BODY_TOO_LARGE, ApiError

_encode = msgspec.json.Encoder().encode


class Upload(msgspec.Struct, frozen=True):
    """One batch on its way to SLS or the spool."""

    logstore: str
    logs: int  # how many; 0 needs no delivery
    body: bytes  # JSON as PutLogs or, in anonymous mode, PutWebtracking takes it
    received: float  # seconds since the epoch
    credentials: Credentials | None  # the function's own, where the host hands them along
    deadline: Deadline
    dropped: int = 0  # fields and tags that a client may not set, and did
    filtered: str | None = None  # why a filter keeps it from being stored: ip, gpc or bot


def encode(batch: Batch, sender: Mapping[str, str], received: int | None) -> bytes:
    """Return the body for SLS: the batch with the tags of its sender.

    With `received` it is PutLogs' (`SLS_WRITE=signed`), and that time of receipt, in seconds since the epoch,
    takes the place of any `__time__` of the client's, as SLS itself does for WebTracking. With None it is
    PutWebtracking's (`SLS_WRITE=anonymous`). Raises ApiError: PostBodyTooLarge past MAX_FORWARDED bytes, or
    MAX_BODY for PutWebtracking.
    """
    logs = batch.logs
    if received is not None:
        start = b'{"__time__":%d' % received
        logs = [b"%b,%b" % (start, log[1:]) if len(log) > 2 else start + b"}" for log in logs]
    # What a client put in place of the sender's tags is gone already.
    beside: dict[str, object] = {"__tags__": {**(batch.tags or {}), **sender}}
    if batch.topic is not None:
        beside["__topic__"] = batch.topic
    if batch.source is not None:
        beside["__source__"] = batch.source
    # Put together in one step, since each copy of 3 MB takes its time.
    body = b"".join((_encode(beside)[:-1], b',"__logs__":[', b",".join(logs), b"]}"))
    limit = MAX_BODY if received is None else MAX_FORWARDED
    if len(body) > limit:
        message = f"the body as forwarded has {len(body)} bytes; at most {limit} are allowed"
        raise ApiError(POST_BODY_TOO_LARGE, message)
    return body


def with_time(webtracking: bytes, received: float) -> bytes:
    """Return a PutWebtracking body as PutLogs takes it, for the spool."""
    document = msgspec.json.decode(webtracking)
    for log in document["__logs__"]:
        log["__time__"] = int(received)
    return _encode(document)
