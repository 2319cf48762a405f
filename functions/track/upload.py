"""An upload: a batch as the bytes that are sent to SLS, with all that its delivery needs.

Made from the configuration and the batch alone: nothing of the client's path or headers gets into it. Once it
is made, neither the request's body nor the parsed batch is needed any more.
"""

from __future__ import annotations

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


def put_logs_body(batch: Batch, received: float) -> bytes:
    """Return the body for `SLS_WRITE=signed`.

    The time of receipt, in whole seconds, takes the place of any `__time__` of the client's, as SLS itself
    does for WebTracking. Raises ApiError: PostBodyTooLarge past MAX_FORWARDED bytes.
    """
    return _body(batch, batch.logs_json(int(received)), MAX_FORWARDED)


def put_webtracking_body(batch: Batch) -> bytes:
    """Return the body for `SLS_WRITE=anonymous`, to a Logstore that has WebTracking on.

    Raises ApiError: PostBodyTooLarge where the proxy's tags, or text where numbers were, take it past 3 MB.
    """
    return _body(batch, batch.logs_json(), MAX_BODY)


def with_time(webtracking: bytes, received: float) -> bytes:
    """Return a PutWebtracking body as PutLogs takes it, for the spool."""
    document = msgspec.json.decode(webtracking)
    for log in document["__logs__"]:
        log["__time__"] = int(received)
    return _encode(document)


def _body(batch: Batch, logs: msgspec.Raw, limit: int) -> bytes:
    parts = {
        "__topic__": batch.topic,
        "__source__": batch.source,
        "__tags__": batch.tags,
        "__logs__": logs,
    }
    body = _encode({name: part for name, part in parts.items() if part is not None})
    if len(body) > limit:
        message = f"the body as forwarded has {len(body)} bytes; at most {limit} are allowed"
        raise ApiError(POST_BODY_TOO_LARGE, message)
    return body
