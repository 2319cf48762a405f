"""PutLogs and PutWebtracking: the requests that write logs to SLS, and the meaning of SLS's answers."""

from __future__ import annotations

import hashlib
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec

from shared.alibaba.signature_v4 import SLS, authorization, canonical_request, date_of
from shared.credentials import Credentials
from shared.network.answers import Answer

API_VERSION = "0.6.0"

# Headers of both writes (SLS documentation, "PutWebtracking"), besides the size of the body.
_WRITE_HEADERS = {"Content-Type": "application/json", "x-log-apiversion": API_VERSION}

# Headers that are different in each signed write, in the order of their names.
_OWN_HEADERS = ("x-log-bodyrawsize", "x-log-content-sha256", "x-log-date")

_QUOTAS = frozenset({"WriteQuotaExceed", "ShardWriteQuotaExceed", "ProjectQuotaExceed"})


def signed_write(
    logstore: str, body: bytes, host: str, region: str, credentials: Credentials, now: float
) -> tuple[str, dict[str, str]]:
    """Return path and headers of PutLogs, for logs that have a numeric `__time__`.

    PutLogs also accepts JSON in PutWebtracking's format (aliyun-log-java-sdk and Alibaba's STS plugin for
    browsers write it). `host` is the Host header that will be sent; `now` is in seconds since the epoch.
    The headers are those that `signature_v4.signed_headers` returns, apart from `host`.
    """
    path, same, begun, covered = _same_in_all(logstore, host, credentials.security_token)
    size, date, digest = str(len(body)), date_of(now), hashlib.sha256(body).hexdigest()
    own = f"x-log-bodyrawsize:{size}\nx-log-content-sha256:{digest}\nx-log-date:{date}\n"
    request = begun.copy()
    request.update(f"{own}\n{covered}\n{digest}".encode())
    headers = {
        **same,
        "x-log-bodyrawsize": size,
        "x-log-date": date,
        "x-log-content-sha256": digest,
        "Authorization": authorization(SLS, request.hexdigest(), date, credentials, region),
    }
    return path, headers


@lru_cache(maxsize=16)  # the Logstores, with the credentials before and after a renewal
def _same_in_all(logstore: str, host: str, token: str | None) -> tuple[str, dict[str, str], Any, str]:
    """Return what all writes to a Logstore have in common as long as the credentials last.

    Path, headers, the SHA-256 of the canonical request as far as it is the same (the headers that each write
    has for itself come last in it), and the list of the headers that it covers.
    """
    path = f"/logstores/{logstore}/shards/lb"
    same = {**_WRITE_HEADERS, SLS.token_header: token} if token else _WRITE_HEADERS
    headers = {**same, "host": host, **dict.fromkeys(_OWN_HEADERS, "")}
    request = canonical_request(SLS, "POST", path, {}, headers, "")
    begun = request.rpartition(f"{_OWN_HEADERS[0]}:")[0]
    return path, same, hashlib.sha256(begun.encode()), request.split("\n")[-2]


def unsigned_write(logstore: str, body: bytes) -> tuple[str, dict[str, str]]:
    """Return path and headers of PutWebtracking, to a Logstore that has WebTracking on."""
    return f"/logstores/{logstore}/track", {**_WRITE_HEADERS, "x-log-bodyrawsize": str(len(body))}


class Outcome(Enum):
    """The outcome of a write (SLS documentation, "Error codes")."""

    WRITTEN = "written"
    PASSING = "passing"  # an error of the service, nothing stored; worth a retry
    THROTTLED = "throttled"  # a quota is used up; worth a later retry
    UNAUTHORIZED = "unauthorized"  # worth one retry, with credentials read again
    REFUSED = "refused"  # permanent: the same write is refused until something changes
    UNREACHED = "unreached"  # SLS has not received it; worth a retry
    IN_DOUBT = "in doubt"  # no answer: SLS may have stored it, so a retry may store it twice


def outcome(answer: Answer) -> Outcome:
    """Return the outcome of a write from its answer."""
    if answer.status == 200:
        return Outcome.WRITTEN
    if answer.status >= 500:
        return Outcome.PASSING
    if answer.status == 429 or (answer.status == 403 and error_code(answer) in _QUOTAS):
        return Outcome.THROTTLED
    return Outcome.UNAUTHORIZED if answer.status == 401 else Outcome.REFUSED


def reason(answer: Answer) -> str:
    """Return the part of a refusal that may be logged: SLS's code and request id, not its message."""
    request_id = answer.headers.get("x-log-requestid", "none")
    return f"SLS answered {answer.status} {error_code(answer)}, request id {request_id}"


class _SlsError(msgspec.Struct):
    code: str = msgspec.field(name="errorCode", default="")


def error_code(answer: Answer) -> str:
    """Return the errorCode in SLS's answer, "" if it has none."""
    try:
        return msgspec.json.decode(answer.body, type=_SlsError).code
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
