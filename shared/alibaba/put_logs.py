"""The request that writes logs to SLS, and what makes SLS take it."""

from __future__ import annotations

import msgspec

from shared.alibaba.signature_v4 import SLS, signed_headers
from shared.credentials import Credentials

API_VERSION = "0.6.0"


class Write(msgspec.Struct, frozen=True):
    """One write, ready but for its headers."""

    path: str
    body: bytes


def put_logs(logstore: str, body: bytes) -> Write:
    """Return the write of logs that carry a `__time__` of their own.

    PutLogs takes JSON too, in PutWebtracking's shape with a numeric `__time__` in each log
    (aliyun-log-java-sdk and Alibaba's STS plugin for browsers write it).
    """
    return Write(f"/logstores/{logstore}/shards/lb", body)


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
        SLS, "POST", write.path, {}, headers, write.body, credentials=credentials, region=region, now=now
    )
    del complete["host"]  # the connection sends it by itself
    return complete
