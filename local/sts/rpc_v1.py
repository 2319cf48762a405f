"""The older signature, RPC V1: all values are parameters, signed with HMAC-SHA1.

Source: "RPC-style signature mechanism" in the Alibaba Cloud documentation, and alibabacloud-tea-openapi
0.4.6, `utils.py`, `get_rpcsignature`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

from local.sts.claims import Call, Claim, canonical_query, parse_moment, required
from local.sts.errors import StsError


def read(call: Call) -> Claim:
    """Read the claim from the parameters. Raises StsError if one is missing or invalid."""
    parameters = call.parameters()
    signature = required(parameters, "Signature")
    signed = {name: value for name, value in parameters.items() if name != "Signature"}
    string_to_sign = f"{call.method}&%2F&{quote(canonical_query(signed), safe='~')}"
    if required(signed, "SignatureMethod") != "HMAC-SHA1" or required(signed, "SignatureVersion") != "1.0":
        raise StsError(400, "InvalidSignatureMethod", "Specified signature method is not supported.")
    return Claim(
        action=required(signed, "Action"),
        version=required(signed, "Version"),
        parameters=signed,
        access_key_id=required(signed, "AccessKeyId"),
        security_token=signed.get("SecurityToken"),
        nonce=required(signed, "SignatureNonce"),
        moment=parse_moment(required(signed, "Timestamp")),
        string_to_sign=string_to_sign,
        signature=signature,
        sign=lambda secret: _sign(string_to_sign, secret),
    )


def _sign(string_to_sign: str, secret: str) -> str:
    digest = hmac.new(f"{secret}&".encode(), string_to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
