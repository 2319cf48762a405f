"""Authentication and authorization: the API's two signatures and RAM policies.

ACS3-HMAC-SHA256 is the signature of the API of 2023-03-30. `tempBucketToken` belongs to the API of
2016-08-15 and uses its signature (documentation, "Signature authentication", FC 2.0, and alibabacloud-
gateway-fc-util 0.0.5, `client.py`): base64 of the HMAC-SHA256 over method, MD5, type, date, `x-fc-*` headers
and path. A signed call of an HTTP trigger (`authType: function`) adds the query.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import uuid
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from local.fc.control.errors import ControlError, denied
from local.ram import Identity, Ram
from local.sts import acs3, authentication
from local.sts.claims import Call, Claim
from local.sts.errors import StsError

VERSION, OLD_VERSION = "2023-03-30", "2016-08-15"
_CALLS_A_MINUTE = 60_000  # this service has no such quota
_OLD = re.compile(r"FC ([^:\s]+):(\S+)")


class ControlAccess:
    """Accepts signed calls, or raises the ControlError that the API would answer with."""

    def __init__(self, ram: Ram, clock: Callable[[], float] = time.time) -> None:
        self._ram, self._clock = ram, clock
        self._gate = authentication.StsAuthentication(ram, clock, _CALLS_A_MINUTE)

    def identify(self, call: Call) -> Identity:
        """Return who signed a call with ACS3."""
        if "authorization" not in call.headers:
            raise ControlError(400, "MissingRequiredHeader", "required HTTP header Authorization is missing")
        return self._admit(lambda: _acs3(call))

    def identify_old(self, call: Call, *, query: bool = False) -> Identity:
        """Return who signed a call with the signature of FC 2.0; with `query`, the query is signed too."""
        if "authorization" not in call.headers:
            raise ControlError(400, "MissingRequiredHeader", "required HTTP header Authorization is missing")
        return self._admit(lambda: _old(call, query=query))

    def permit(self, identity: Identity, action: str, resource: str) -> None:
        """Raise ControlError, AccessDenied, unless `identity` may do `action` on `resource`."""
        if not identity.allows(action, resource, now=self._clock()):
            raise denied(f"the caller is not authorized to perform '{action}' on resource '{resource}'")

    def _admit(self, read: Callable[[], Claim]) -> Identity:
        try:
            return self._gate.admit(read())
        except StsError as refusal:
            raise _renamed(refusal) from None


def _acs3(call: Call) -> Claim:
    if not call.headers["authorization"].startswith(acs3.ALGORITHM):
        raise StsError(400, "IncompleteSignature", f"the Authorization header is not of {acs3.ALGORITHM}")
    claim = acs3.read(call)
    if claim.version != VERSION:
        raise StsError(400, "InvalidVersion", "Specified parameter Version is not valid.")
    return claim


def _old(call: Call, *, query: bool) -> Claim:
    found = _OLD.fullmatch(call.headers["authorization"])
    if found is None:
        raise StsError(
            400, "IncompleteSignature", "the Authorization header is not of the form FC key:signature"
        )
    text = _string_to_sign(call, query=query)
    return Claim(
        action="",
        version=OLD_VERSION,
        parameters={},
        access_key_id=found[1],
        security_token=call.headers.get("x-fc-security-token"),
        nonce=uuid.uuid4().hex,  # this signature has no nonce: a call can be repeated
        moment=_moment(call.headers.get("date", "")),
        string_to_sign=text,
        signature=found[2],
        sign=lambda secret: base64.b64encode(_hmac(secret, text)).decode(),
    )


def _hmac(secret: str, text: str) -> bytes:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()


def _string_to_sign(call: Call, *, query: bool) -> str:
    headers = call.headers
    lines = [call.method, *(headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-fc-")]
    resource = unquote(call.path)
    if query:
        resource += "\n" + "\n".join(unquote(call.query).split("&"))
    return "\n".join([*lines, resource])


def _moment(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        raise StsError(400, "MissingRequiredHeader", "required HTTP header Date was not specified") from None


def _renamed(refusal: StsError) -> ControlError:
    """Translate errors of StsAuthentication to this service's error codes."""
    if refusal.code == "InvalidAccessKeyId.NotFound":
        return ControlError(403, "InvalidAccessKeyID", "the access key id is not known")
    if refusal.code == "SignatureDoesNotMatch":
        message = "The request signature we calculated does not match the signature you provided. "
        return ControlError(403, "SignatureNotMatch", message + "Check your access key and signing method.")
    return ControlError(refusal.status, refusal.code, refusal.message)
