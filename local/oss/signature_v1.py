"""The older signature of Object Storage Service, V1, in the Authorization header.

Source: "Include a V1 signature in the Authorization header" in the OSS documentation; alibabacloud-oss-v2
1.4.1, `signer/v1.py`; and ali-oss 6.18, which sends its date as `x-oss-date` and signs that.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NamedTuple

from local.oss.call import Call

_AUTHORIZATION = re.compile(r"OSS ([^:\s]+):(\S+)")
_SIGNED_QUERY = frozenset(
    {"acl", "append", "bucketInfo", "continuation-token", "cors", "delete", "lifecycle", "location"}
    | {"objectMeta", "partNumber", "position", "security-token", "stat", "tagging", "uploadId", "uploads"}
    | {"versionId", "versioning", "versions", "restore", "symlink", "publicAccessBlock", "encryption"}
    | {"logging", "policy", "referer", "website", "resourceGroup"}
)


class Claim(NamedTuple):
    """The content of an Authorization header."""

    access_key_id: str
    signature: str


def parse_authorization(value: str) -> Claim | None:
    """Parse an Authorization header; None if it does not have this form."""
    found = _AUTHORIZATION.fullmatch(value)
    return Claim(found[1], found[2]) if found else None


def date(call: Call) -> str:
    """Return the signed date as it was sent; "" if there is none."""
    return call.headers.get("x-oss-date") or call.headers.get("date", "")


def string_to_sign(call: Call) -> str:
    """Return the string to sign; its resource always begins with the bucket."""
    headers = call.headers
    lines = [call.method, headers.get("content-md5", ""), headers.get("content-type", ""), date(call)]
    lines += [f"{name}:{headers[name].strip()}" for name in sorted(headers) if name.startswith("x-oss-")]
    signed = sorted((name, value) for name, value in call.query.items() if name in _SIGNED_QUERY)
    query = "&".join(f"{name}={value}" if value else name for name, value in signed)
    resource = f"/{call.bucket}/{call.key}" if call.bucket else "/"
    return "\n".join([*lines, resource + (f"?{query}" if query else "")])


def sign(secret: str, text: str) -> str:
    """Return the signature of `text` in base64."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
