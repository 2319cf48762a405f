"""The signature of Object Storage Service, V4, in the Authorization header.

Source: "Include a V4 signature in the Authorization header" in the OSS documentation, and alibabacloud-oss-v2
1.4.1, `signer/v4.py`. Everything is computed from the received request, so it works for every client.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import NamedTuple
from urllib.parse import quote

from local.oss.call import Call

ALGORITHM = "OSS4-HMAC-SHA256"
PAYLOAD = "UNSIGNED-PAYLOAD"  # the only value that x-oss-content-sha256 may have
PRODUCT = "oss"

_TERMINATOR = "aliyun_v4_request"
_ALWAYS_SIGNED = ("content-type", "content-md5")  # and every x-oss-*, if sent
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,/\s]+)/(?P<date>\d{{8}})/(?P<region>[^,/\s]+)/(?P<product>[^,/\s]+)"
    rf"/{_TERMINATOR},(?:\s*AdditionalHeaders=(?P<more>[^,\s]*),)?\s*Signature=(?P<hex>[0-9a-f]{{64}})"
)


class Claim(NamedTuple):
    """The content of an Authorization header; `additional` are the signed headers that are optional."""

    access_key_id: str
    date: str
    region: str
    product: str
    additional: tuple[str, ...]
    signature: str


def parse_authorization(value: str) -> Claim | None:
    """Parse an Authorization header; None if it does not have this form."""
    found = _AUTHORIZATION.fullmatch(value)
    if found is None:
        return None
    additional = tuple(name for name in (found["more"] or "").split(";") if name)
    return Claim(found["key"], found["date"], found["region"], found["product"], additional, found["hex"])


def string_to_sign(call: Call, claim: Claim) -> str:
    """Return the string to sign; the time is from `x-oss-date`."""
    canonical = hashlib.sha256(canonical_request(call, claim.additional).encode()).hexdigest()
    scope = f"{claim.date}/{claim.region}/{claim.product}/{_TERMINATOR}"
    return "\n".join([ALGORITHM, call.headers["x-oss-date"], scope, canonical])


def sign(secret: str, claim: Claim, text: str) -> str:
    """Return the signature of `text` in lower-case hexadecimal digits."""
    key = f"aliyun_v4{secret}".encode()
    for step in (claim.date, claim.region, claim.product, _TERMINATOR):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_request(call: Call, additional: tuple[str, ...]) -> str:
    """Return the canonical request; its path always begins with the bucket."""
    path = f"/{call.bucket}/{call.key}" if call.bucket else "/"
    pairs = sorted((_encode(name), _encode(value)) for name, value in call.query.items())
    query = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    names = sorted(name for name in call.headers if _is_signed(name) or name in additional)
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in names)
    return "\n".join([call.method, quote(path, safe="/"), query, headers, ";".join(additional), PAYLOAD])


def _is_signed(name: str) -> bool:
    return name.startswith("x-oss-") or name in _ALWAYS_SIGNED


def _encode(text: str) -> str:
    return quote(text, safe="")
