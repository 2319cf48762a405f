"""Authentication (a request's date, signature and key) and authorization (its identity's permissions)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from local.oss import signature_v1
from local.oss.call import Call
from local.oss.errors import OssError
from local.oss.markup import iso
from local.oss.signature import PAYLOAD, PRODUCT, Claim, parse_authorization, sign, string_to_sign
from local.ram import Identity, Ram, UnknownAccessKey, UnknownToken

MAX_SKEW = 15 * 60  # seconds between the request's date and the service's clock

_DATE = "%Y%m%dT%H%M%SZ"


class OssAccess:
    """Accepts signed requests, or raises the OssError the service would answer with."""

    def __init__(self, ram: Ram, *, region: str, clock: Callable[[], float]) -> None:
        self._ram, self._region, self._clock = ram, region, clock

    def identify(self, call: Call) -> Identity:
        """Return who signed the request.

        Raises OssError: AccessDenied, InvalidArgument, RequestTimeTooSkewed, InvalidAccessKeyId,
        InvalidSecurityToken, SignatureDoesNotMatch, SecurityTokenExpired.
        """
        older = signature_v1.parse_authorization(call.headers.get("authorization", ""))
        identity = self._signed_v1(call, older) if older else self._signed_v4(call)
        if identity.expires is not None and self._clock() >= identity.expires:
            message = "The security token you provided has expired."
            raise OssError("SecurityTokenExpired", message, ec="0002-00000007")
        return identity

    def _signed_v4(self, call: Call) -> Identity:
        claim = _claim(call)
        moment = _parse_date(call.headers.get("x-oss-date", ""))
        self._check_scope(claim, moment)
        self._check_date(moment)
        _check_payload(call)
        identity = self._look_up(claim.access_key_id, call.headers.get("x-oss-security-token"))
        expected = string_to_sign(call, claim)
        _check_signature(claim, sign(identity.secret, claim, expected), expected)
        return identity

    def _signed_v1(self, call: Call, claim: signature_v1.Claim) -> Identity:
        self._check_date(_parse_older_date(signature_v1.date(call)))
        token = call.headers.get("x-oss-security-token") or call.headers.get("security-token")
        identity = self._look_up(claim.access_key_id, token)
        expected = signature_v1.string_to_sign(call)
        _check_signature(claim, signature_v1.sign(identity.secret, expected), expected)
        return identity

    def permit(self, identity: Identity, action: str, bucket: str, key: str = "") -> None:
        """Raise OssError, AccessDenied, unless `identity` may do `action` on the bucket or the object."""
        resource = f"acs:oss:oss-{self._region}:{self._ram.account_id}:{bucket}{'/' if key else ''}{key}"
        if not identity.allows(action, resource, now=self._clock()):
            message = "You have no right to access this object because of bucket acl."
            raise OssError("AccessDenied", message, ec="0003-00000001", AuthAction=action)

    def _check_scope(self, claim: Claim, moment: float) -> None:
        if claim.region != self._region:
            message = "Invalid signing region in Authorization header."
            raise OssError("InvalidArgument", message, ec="0002-00000226")
        if claim.product != PRODUCT:
            message = "Invalid signing product in Authorization header."
            raise OssError("InvalidArgument", message, ec="0002-00000227")
        if claim.date != datetime.fromtimestamp(moment, timezone.utc).strftime("%Y%m%d"):
            raise OssError("InvalidArgument", "Invalid signing date in Authorization header.")

    def _check_date(self, moment: float) -> None:
        now = self._clock()
        if abs(now - moment) > MAX_SKEW:
            raise OssError(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                ec="0002-00000504",
                RequestTime=iso(moment),
                ServerTime=iso(now),
                MaxAllowedSkewMilliseconds=str(MAX_SKEW * 1000),
            )

    def _look_up(self, key: str, token: str | None) -> Identity:
        try:
            return self._ram.identify(key, token)
        except UnknownAccessKey:
            raise _unknown_key(key, "0002-00000902") from None
        except UnknownToken:
            # An STS key without its token, and a long-term key with a token, are unknown to the service.
            if not token or not key.startswith("STS."):
                raise _unknown_key(key, "0002-00000002" if token else "0002-00000902") from None
            message = "The security token you provided is invalid."
            raise OssError("InvalidSecurityToken", message, ec="0002-00000006") from None


def _claim(call: Call) -> Claim:
    value = call.headers.get("authorization")
    if value is None:
        message = "You have no right to access this object because of bucket acl."
        raise OssError("AccessDenied", message, ec="0003-00000001")
    claim = parse_authorization(value)
    if claim is None:
        raise OssError("InvalidArgument", "Authorization header is invalid.", ec="0002-00000202")
    return claim


def _unknown_key(key: str, ec: str) -> OssError:
    message = "The OSS Access Key Id you provided does not exist in our records."
    return OssError("InvalidAccessKeyId", message, ec=ec, OSSAccessKeyId=key)


def _check_payload(call: Call) -> None:
    if call.headers.get("x-oss-content-sha256") != PAYLOAD:
        raise OssError("InvalidArgument", f"x-oss-content-sha256 must be {PAYLOAD}.")


def _check_signature(claim: Claim | signature_v1.Claim, expected: str, text: str) -> None:
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise OssError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            OSSAccessKeyId=claim.access_key_id,
            SignatureProvided=claim.signature,
            StringToSign=text,
        )


def _parse_date(text: str) -> float:
    try:
        return datetime.strptime(text, _DATE).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        raise OssError("AccessDenied", "OSS authentication requires a valid Date.") from None


def _parse_older_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        raise OssError("AccessDenied", "OSS authentication requires a valid Date.") from None
