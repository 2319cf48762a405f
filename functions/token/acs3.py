"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's RPC-style calls, as pure functions.

Sources: "V3 request structure and signature mechanism" in the Alibaba Cloud documentation, and
alibabacloud-tea-openapi 0.4.6, `utils.py`, `get_authorization`, which has the same output.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from shared.alibaba.percent import percent_encode

ALGORITHM = "ACS3-HMAC-SHA256"


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Return the parameters in signed form, encoded and sorted by name; they can be sent in this form too."""
    return "&".join(
        f"{percent_encode(name)}={percent_encode(parameters[name])}" for name in sorted(parameters)
    )


def payload_hash(body: bytes) -> str:
    """Return the value of `x-acs-content-sha256`."""
    return hashlib.sha256(body).hexdigest()


def authorization(
    method: str, query: str, headers: Mapping[str, str], *, access_key_id: str, access_key_secret: str
) -> str:
    """Return the `Authorization` header of a call to the path `/`.

    `query` is canonical. All `headers` are signed; their names are in lower case, they include `host` and
    `x-acs-content-sha256`, and their values have no surrounding spaces.
    """
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    signed = ";".join(names)
    canonical = f"{method}\n/\n{query}\n{lines}\n{signed}\n{headers['x-acs-content-sha256']}"
    string_to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(access_key_secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={signed},Signature={signature}"
