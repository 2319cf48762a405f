"""Issuing a ticket."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from shared.access.tickets import to_base64url


def issue(kid: str, key: bytes, claims: Mapping[str, object]) -> str:
    """Return a JSON Web Token with these claims (RFC 7515, HS256)."""
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    signed = ".".join(to_base64url(msgspec.json.encode(part)) for part in (header, claims))
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{to_base64url(signature)}"
