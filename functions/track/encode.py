"""A batch as the request that writes it to SLS, in either mode.

Built from the configuration and the batch alone: nothing of the client's path or headers gets into it.
"""

from __future__ import annotations

import msgspec

from functions.track.batch import Batch
from functions.track.limits import MAX_BODY, MAX_FORWARDED
from shared.alibaba import put_logs as sls
from shared.alibaba.put_logs import Write
from shared.http.errors import POST_BODY_TOO_LARGE, ApiError

_encode = msgspec.json.Encoder().encode


def put_logs(batch: Batch, logstore: str, received: int) -> Write:
    """Return the write of `SLS_WRITE=signed`.

    `received`, in seconds since the epoch, takes the place of any `__time__` of the client's, as SLS itself
    has it for WebTracking. Raises ApiError: PostBodyTooLarge past MAX_FORWARDED bytes.
    """
    logs = [{**log, "__time__": received} for log in batch.logs]
    return _bounded(sls.put_logs(logstore, _body(batch, logs)), MAX_FORWARDED)


def put_webtracking(batch: Batch, logstore: str) -> Write:
    """Return the write of `SLS_WRITE=anonymous`, to a Logstore that has WebTracking on.

    Raises ApiError: PostBodyTooLarge where the proxy's tags, or text where numbers were, take it past 3 MB.
    """
    return _bounded(Write(f"/logstores/{logstore}/track", _body(batch, batch.logs)), MAX_BODY)


def _bounded(write: Write, limit: int) -> Write:
    if len(write.body) > limit:
        message = f"the body as forwarded has {len(write.body)} bytes; at most {limit} are allowed"
        raise ApiError(POST_BODY_TOO_LARGE, message)
    return write


def _body(batch: Batch, logs: object) -> bytes:
    parts = {
        "__topic__": batch.topic,
        "__source__": batch.source,
        "__tags__": batch.tags,
        "__logs__": logs,
    }
    return _encode({name: part for name, part in parts.items() if part is not None})
