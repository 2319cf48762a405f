"""A batch as the request that writes it to SLS, in either mode.

Built from the configuration and the batch alone: nothing of the client's path or headers gets into it.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from functions.track.batch import Batch
from functions.track.limits import MAX_BODY
from functions.track.signature import signed_headers
from shared.credentials import Credentials
from shared.errors import POST_BODY_TOO_LARGE, ApiError

API_VERSION = "0.6.0"
_encode = msgspec.json.Encoder().encode


class Write(NamedTuple):
    """One write, ready but for its signature."""

    path: str
    body: bytes


def put_logs(batch: Batch, logstore: str, received: int) -> Write:
    """Return the write of `SLS_WRITE=signed`.

    PutLogs takes JSON too, in PutWebtracking's shape with a numeric `__time__` in each log
    (aliyun-log-java-sdk and Alibaba's STS plugin for browsers write it). `received`, in seconds since the
    epoch, takes the place of any `__time__` of the client's, as SLS itself has it for WebTracking.
    """
    logs = [{**log, "__time__": received} for log in batch.logs]
    return Write(f"/logstores/{logstore}/shards/lb", _body(batch, logs))


def put_webtracking(batch: Batch, logstore: str) -> Write:
    """Return the write of `SLS_WRITE=anonymous`, to a Logstore that has WebTracking on.

    Raises ApiError: PostBodyTooLarge where the proxy's tags, or text where numbers were, take it past 3 MB.
    """
    write = Write(f"/logstores/{logstore}/track", _body(batch, batch.logs))
    if len(write.body) > MAX_BODY:
        message = f"the body as forwarded has {len(write.body)} bytes; at most {MAX_BODY} are allowed"
        raise ApiError(POST_BODY_TOO_LARGE, message)
    return write


def unsigned(write: Write) -> dict[str, str]:
    """Return the headers of a write (SLS documentation, "PutWebtracking")."""
    return {
        "Content-Type": "application/json",
        "x-log-apiversion": API_VERSION,
        "x-log-bodyrawsize": str(len(write.body)),
    }


def signed(write: Write, host: str, region: str, credentials: Credentials, now: float) -> dict[str, str]:
    """Return the headers of a write, signed; `host` is the Host header that will be sent."""
    headers = {**unsigned(write), "host": host}
    complete = signed_headers(
        "POST", write.path, {}, headers, write.body, credentials=credentials, region=region, now=now
    )
    del complete["host"]  # the connection sends it by itself
    return complete


def _body(batch: Batch, logs: object) -> bytes:
    parts = {
        "__topic__": batch.topic,
        "__source__": batch.source,
        "__tags__": batch.tags,
        "__logs__": logs,
    }
    return _encode({name: part for name, part in parts.items() if part is not None})
