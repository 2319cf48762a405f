"""The current signature, ACS3-HMAC-SHA256: the call's parameters are in headers, which are signed.

Source: "V3 request structure and signature mechanism" in the Alibaba Cloud documentation, and
alibabacloud-tea-openapi 0.4.6, `utils.py`, `get_authorization`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from local.sts.claims import Call, Claim, canonical_query, parse_moment, required
from local.sts.errors import StsError

ALGORITHM = "ACS3-HMAC-SHA256"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,\s]+),\s*SignedHeaders=(?P<names>[^,\s]+)"
    r",\s*Signature=(?P<hex>[0-9a-f]{64})"
)


def read(call: Call) -> Claim:
    """Read the claim from the headers. Raises StsError if one is missing, unsigned or invalid."""
    found = _AUTHORIZATION.fullmatch(call.headers["authorization"])
    if found is None:
        raise _incomplete(f"the Authorization header is not of the form {ALGORITHM} Credential=…")
    names = found["names"].split(";")
    _check_all_signed(call, names)
    _check_payload(call)
    string_to_sign = _string_to_sign(call, names)
    headers = call.headers
    return Claim(
        action=required(headers, "x-acs-action", known_as="Action"),
        version=required(headers, "x-acs-version", known_as="Version"),
        parameters=call.parameters(),
        access_key_id=found["key"],
        security_token=headers.get("x-acs-security-token"),
        nonce=required(headers, "x-acs-signature-nonce", known_as="SignatureNonce"),
        moment=parse_moment(required(headers, "x-acs-date", known_as="Timestamp")),
        string_to_sign=string_to_sign,
        signature=found["hex"],
        sign=lambda secret: hmac.new(secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest(),
    )


def _check_all_signed(call: Call, names: Sequence[str]) -> None:
    """`host`, `content-type` and every `x-acs-*` header must be signed, if sent."""
    if list(names) != sorted(set(names)):
        raise _incomplete("SignedHeaders are not sorted")
    if absent := [name for name in names if name not in call.headers]:
        raise _incomplete(f"signed headers were not sent: {absent}")
    needed = {name for name in call.headers if name in ("host", "content-type") or name.startswith("x-acs-")}
    if unsigned := sorted(needed - set(names)):
        raise _incomplete(f"headers were not signed: {unsigned}")


def _check_payload(call: Call) -> None:
    claimed = required(call.headers, "x-acs-content-sha256", known_as="ContentSha256")
    if claimed != hashlib.sha256(call.body).hexdigest():
        raise _incomplete("x-acs-content-sha256 is not the hash of the body")


def _string_to_sign(call: Call, names: Sequence[str]) -> str:
    query = canonical_query(dict(parse_qsl(call.query, keep_blank_values=True)))
    headers = "".join(f"{name}:{call.headers[name].strip()}\n" for name in names)
    payload = call.headers["x-acs-content-sha256"]
    canonical = f"{call.method}\n{call.path}\n{query}\n{headers}\n{';'.join(names)}\n{payload}"
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def _incomplete(reason: str) -> StsError:
    return StsError(
        400, "IncompleteSignature", f"The request signature does not conform to standards: {reason}."
    )
