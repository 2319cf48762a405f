"""An upload: the bytes of a batch as they are sent to SLS, and the data that its delivery needs.

It is built from the configuration, the batch and the sender's tags; nothing else of the client's path or
headers gets into it. After that, the request's body and the parsed batch are no longer needed.
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
    logs: int  # their number; 0 needs no delivery
    body: bytes  # JSON for PutLogs or, in anonymous mode, PutWebtracking
    received: float  # seconds since the epoch
    credentials: Credentials | None  # the function's own, if the host passes them on
    deadline: Deadline
    dropped: int = 0  # number of reserved fields and tags that the client has sent
    filtered: str | None = None  # why a filter drops it: ip, gpc or bot


def encode(batch: Batch, sender: Mapping[str, str], received: int | None) -> bytes:
    """Return the body for SLS: the batch with the tags of its sender.

    With `received`, the time of receipt in seconds since the epoch, the body is for PutLogs
    (`SLS_WRITE=signed`), and each log gets this time as `__time__`, as SLS does for WebTracking. With None it
    is for PutWebtracking (`SLS_WRITE=anonymous`). Raises ApiError: PostBodyTooLarge above MAX_FORWARDED
    bytes, or above MAX_BODY for PutWebtracking.
    """
    logs = batch.logs
    if received is not None:
        start = b'{"__time__":%d' % received
        logs = [b"%b,%b" % (start, log[1:]) if len(log) > 2 else start + b"}" for log in logs]
    # A client's tags with these names were already dropped.
    beside: dict[str, object] = {"__tags__": {**(batch.tags or {}), **sender}}
    if batch.topic is not None:
        beside["__topic__"] = batch.topic
    if batch.source is not None:
        beside["__source__"] = batch.source
    # Joined in one step, because each copy of 3 MB takes time.
    body = b"".join((_encode(beside)[:-1], b',"__logs__":[', b",".join(logs), b"]}"))
    limit = MAX_BODY if received is None else MAX_FORWARDED
    if len(body) > limit:
        message = f"the body as forwarded has {len(body)} bytes; at most {limit} are allowed"
        raise ApiError(POST_BODY_TOO_LARGE, message)
    return body


def with_time(webtracking: bytes, received: float) -> bytes:
    """Convert a body for PutWebtracking to one for PutLogs, for the spool."""
    document = msgspec.json.decode(webtracking)
    for log in document["__logs__"]:
        log["__time__"] = int(received)
    return _encode(document)
