"""SLS's request signature, version 4.

Source: SLS documentation, "Request signature V4"; the vectors in the tests are the ones published with
aliyun-log-go-sdk (`signature_v4_test.go`) and aliyun-log-python-sdk (`tests/unit/test_auth.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping

from shared.credentials import Credentials
from shared.percent import percent_encode

ALGORITHM = "SLS4-HMAC-SHA256"


def signed_headers(
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
    """Return `headers` with all that makes the request signed.

    `headers` must hold every header to be sent that the signature covers: `content-type`, `host`, `x-log-*`
    and `x-acs-*`. `now` is in seconds since the epoch.
    """
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    digest = hashlib.sha256(body).hexdigest()
    complete = {**headers, "x-log-date": date, "x-log-content-sha256": digest}
    if credentials.security_token:
        complete["x-acs-security-token"] = credentials.security_token
    request = canonical_request(method, path, query, complete, digest)
    scope = f"{date[:8]}/{region}/sls/aliyun_v4_request"
    to_sign = f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"aliyun_v4{credentials.access_key_secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    complete["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope},Signature={signature}"
    )
    return complete


def canonical_request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], digest: str
) -> str:
    """Return the text whose hash is signed; query keys stay raw, values are percent-encoded."""
    covered = sorted(
        (name.lower(), value.strip()) for name, value in headers.items() if _is_covered(name.lower())
    )
    pairs = ((key, percent_encode(query[key])) for key in sorted(query))
    lines = (
        method,
        path,
        "&".join(f"{key}={value}" if value else key for key, value in pairs),
        "".join(f"{name}:{value}\n" for name, value in covered),
        ";".join(name for name, _ in covered),
        digest,
    )
    return "\n".join(lines)


def _is_covered(name: str) -> bool:
    return name in ("content-type", "host") or name.startswith(("x-log-", "x-acs-"))
