"""The two signatures of Simple Log Service, V1 and V4 (documentation, "Request signatures").

Everything is computed from the received request, so it works for every client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

_V4_PREFIX = "SLS4-HMAC-SHA256 "
_V4_SUFFIX = ("sls", "aliyun_v4_request")
_V1_DIGESTS: dict[str, Callable[..., hashlib._Hash]] = {
    "hmac-sha1": hashlib.sha1,
    "hmac-sha256": hashlib.sha256,
}
V1_METHODS = frozenset(_V1_DIGESTS)


class SignedRequest(NamedTuple):
    """What a signature covers: header names in lower case, `path` and `params` decoded."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Claim(NamedTuple):
    """The content of an Authorization header; `date` (yyyymmdd) and `region` are None in a V1 one."""

    access_key_id: str
    signature: str
    date: str | None = None
    region: str | None = None


def parse_authorization(value: str) -> Claim | None:
    """Parse an Authorization header of either version; None if it has neither form."""
    return _parse_v4(value) if value.startswith(_V4_PREFIX) else _parse_v1(value)


def _parse_v1(value: str) -> Claim | None:
    scheme, _, rest = value.partition(" ")
    key_id, colon, signature = rest.rpartition(":")
    return Claim(key_id, signature) if scheme == "LOG" and colon else None


def _parse_v4(value: str) -> Claim | None:
    pairs = (part.partition("=") for part in value[len(_V4_PREFIX) :].split(","))
    fields = {name.strip(): content for name, _, content in pairs}
    scope = fields.get("Credential", "").split("/")
    if len(scope) != 5 or tuple(scope[3:]) != _V4_SUFFIX or "Signature" not in fields:
        return None
    return Claim(scope[0], fields["Signature"], date=scope[1], region=scope[2])


def v1_signature(secret: str, request: SignedRequest) -> str:
    """Return the V1 signature with the digest in `x-log-signaturemethod` (one of V1_METHODS)."""
    digest = _V1_DIGESTS[request.headers["x-log-signaturemethod"]]
    content = v1_string_to_sign(request).encode()
    return base64.b64encode(hmac.new(secret.encode(), content, digest).digest()).decode()


def v1_string_to_sign(request: SignedRequest) -> str:
    """Return the string to sign of V1.

    The date is `x-log-date` if present, and that header is then not signed again; the path starts
    at its first ``/logstores``, as the browser's STS plugin signs it (@aliyun-sls/web-sts-plugin 0.3.9).
    """
    headers = request.headers
    lines = [
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        headers.get("x-log-date") or headers.get("date", ""),
    ]
    signed = sorted(name for name in headers if _is_signed(name) and name != "x-log-date")
    lines += [f"{name}:{headers[name]}" for name in signed]
    return "\n".join([*lines, _v1_resource(request)])


def _v1_resource(request: SignedRequest) -> str:
    start = request.path.find("/logstores")
    path = request.path[start:] if start > 0 else request.path
    query = "&".join(f"{key}={value}" for key, value in sorted(request.params.items()))
    return f"{path}?{query}" if query else path


def v4_signature(secret: str, region: str, request: SignedRequest) -> str:
    """Return the signature of V4; the time is `x-log-date`, the hash of the body `x-log-content-sha256`."""
    timestamp = request.headers["x-log-date"]
    date = timestamp[:8]
    canonical = hashlib.sha256(v4_canonical_request(request).encode()).hexdigest()
    scope = "/".join([date, region, *_V4_SUFFIX])
    content = f"SLS4-HMAC-SHA256\n{timestamp}\n{scope}\n{canonical}"
    key = f"aliyun_v4{secret}".encode()
    for step in (date, region, *_V4_SUFFIX):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()


def v4_canonical_request(request: SignedRequest) -> str:
    """Return the canonical request of V4; in the query, only the values are encoded."""
    headers = request.headers
    signed = sorted(name for name in headers if _is_signed(name) or name in ("content-type", "host"))
    pairs = sorted(request.params.items())
    query = "&".join(f"{key}={quote(value, safe='~')}" if value else key for key, value in pairs)
    lines = [request.method, request.path, query]
    lines += [f"{name}:{headers[name].strip()}" for name in signed]
    return "\n".join([*lines, "", ";".join(signed), headers["x-log-content-sha256"]])


def _is_signed(name: str) -> bool:
    # x-log-meta-* is left out: aliyun-log-python-sdk 0.9.52, `util.py`.
    return name.startswith("x-acs-") or (name.startswith("x-log-") and not name.startswith("x-log-meta-"))
