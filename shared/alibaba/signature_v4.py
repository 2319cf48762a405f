"""The request signature, version 4, of Simple Log Service (SLS) and Object Storage Service (OSS).

One algorithm in two schemes, which differ in names, in signed headers and in notation.
Sources: SLS documentation, "Request signature V4", and aliyun-log-python-sdk 0.9.52, `auth.py`, `AuthV4`;
OSS documentation, "Include a V4 signature in the Authorization header", and alibabacloud-oss-v2 1.4.1,
`signer/v4.py`. The results equal those of the SDKs byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from shared.alibaba.percent import percent_encode
from shared.credentials import Credentials

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"  # OSS's value for a body that is not signed


class Scheme(msgspec.Struct, frozen=True):
    """The service-specific part of the signature."""

    algorithm: str
    service: str  # in the credential scope
    prefix: str  # of the headers with the date and the digest
    token_header: str
    names: tuple[str, ...]  # names of headers that are signed if sent
    prefixes: tuple[str, ...]  # prefixes of further headers that are signed if sent
    listed: bool  # whether the list of signed headers is signed too
    encoded: bool  # whether the path and the names of query parameters are percent-encoded
    signs_body: bool


SLS = Scheme(
    algorithm="SLS4-HMAC-SHA256",
    service="sls",
    prefix="x-log-",
    token_header="x-acs-security-token",  # noqa: S106 - the header's name
    names=("content-type", "host"),
    prefixes=("x-log-", "x-acs-"),
    listed=True,
    encoded=False,
    signs_body=True,
)
# OSS's optional headers ("AdditionalHeaders") are not signed, as in its SDK.
OSS = Scheme(
    algorithm="OSS4-HMAC-SHA256",
    service="oss",
    prefix="x-oss-",
    token_header="x-oss-security-token",  # noqa: S106 - the header's name
    names=("content-type", "content-md5"),
    prefixes=("x-oss-",),
    listed=False,
    encoded=True,
    signs_body=False,
)


def signed_headers(
    scheme: Scheme,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    region: str,
    now: float,
) -> dict[str, str]:
    """Return `headers` with the headers of the signature added.

    `headers` must contain every header to be signed: `content-type`, for SLS `host`,
    `x-log-*` and `x-acs-*`, for OSS `content-md5` and `x-oss-*`. `path` is not encoded; for OSS it is
    `/bucket/key`, also if the bucket is in the host name. `now` is in seconds since the epoch.
    """
    date = date_of(now)
    digest = hashlib.sha256(body).hexdigest() if scheme.signs_body else UNSIGNED_PAYLOAD
    complete = {**headers, f"{scheme.prefix}date": date, f"{scheme.prefix}content-sha256": digest}
    if credentials.security_token:
        complete[scheme.token_header] = credentials.security_token
    request = canonical_request(scheme, method, path, query, complete, digest)
    digest = hashlib.sha256(request.encode()).hexdigest()
    complete["Authorization"] = authorization(scheme, digest, date, credentials, region)
    return complete


def authorization(scheme: Scheme, digest: str, date: str, credentials: Credentials, region: str) -> str:
    """Return the header `Authorization` for the digest of a canonical request: its SHA-256 in hexadecimal."""
    scope, key = _signing_key(scheme.service, region, date[:8], credentials.access_key_secret)
    to_sign = f"{scheme.algorithm}\n{date}\n{scope}\n{digest}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"{scheme.algorithm} Credential={credentials.access_key_id}/{scope},Signature={signature}"


def date_of(now: float) -> str:
    """Return the date of a request as its header and its signature have it."""
    return _date(int(now))


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


@lru_cache(maxsize=32)  # the few sets of headers that there are
def _covered(scheme: Scheme, names: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return which headers are covered, each in lower case and as it is, in order; and their list."""
    lowered = sorted((name.lower(), name) for name in names)
    covered = tuple(
        (name, sent) for name, sent in lowered if name in scheme.names or name.startswith(scheme.prefixes)
    )
    return covered, ";".join(name for name, _ in covered) if scheme.listed else ""


@lru_cache(maxsize=4)  # valid for a day; for SLS and OSS, with the credentials before and after a renewal
def _signing_key(service: str, region: str, day: str, secret: str) -> tuple[str, bytes]:
    """Return the scope of a signature, and its key."""
    scope = f"{day}/{region}/{service}/aliyun_v4_request"
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return scope, key


def canonical_request(
    scheme: Scheme, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], digest: str
) -> str:
    """Return the canonical request, whose hash is signed."""
    covered, listed = _covered(scheme, tuple(headers))
    if scheme.encoded:
        path = "/".join(map(percent_encode, path.split("/")))
        query = {percent_encode(key): value for key, value in query.items()}
    pairs = sorted((key, percent_encode(value)) for key, value in query.items()) if query else ()
    lines = (
        method,
        path,
        "&".join([f"{key}={value}" if value else key for key, value in pairs]),
        "".join([f"{name}:{headers[sent].strip()}\n" for name, sent in covered]),
        listed,
        digest,
    )
    return "\n".join(lines)
