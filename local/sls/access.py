"""Authentication (a request's date, signature and key) and authorization (its identity's permissions)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from local.ram import Identity, Ram, UnknownAccessKey, UnknownToken
from local.sls.errors import SlsError
from local.sls.projects import Logstore
from local.sls.signatures import (
    V1_METHODS,
    Claim,
    SignedRequest,
    parse_authorization,
    v1_signature,
    v4_signature,
)

MAX_SKEW = 15 * 60  # seconds between the request's date and the service's clock
API_VERSION = "0.6.0"


class SlsAccess:
    """Accepts signed requests, or raises the SlsError the service would answer with."""

    def __init__(self, ram: Ram, *, region: str, clock: Callable[[], float]) -> None:
        self._ram = ram
        self._region = region
        self._clock = clock

    def identify(self, request: SignedRequest) -> Identity:
        """Return who signed `request`.

        Raises SlsError: Missing/InvalidAPIVersion, MissingDate, InvalidDateFormat, RequestTimeTooSkewed,
        Missing/InvalidSignatureMethod, Unauthorized, InvalidAccessKeyId, SignatureNotMatch.
        """
        _check_version(request)
        claim = parse_authorization(request.headers.get("authorization", ""))
        if claim is None:
            raise SlsError("Unauthorized", "the Authorization header is missing or has an unknown form")
        self._check_date(request, claim)
        identity = self._look_up(claim, request.headers.get("x-acs-security-token"))
        if not self._is_signed_by(identity, request, claim):
            raise SlsError("SignatureNotMatch", f"Signature {claim.signature} is not matched.")
        if identity.expires is not None and self._clock() >= identity.expires:
            raise SlsError("Unauthorized", "The security token you provided has expired.")
        return identity

    def permit(self, identity: Identity, action: str, logstore: Logstore) -> None:
        """Raise SlsError, Unauthorized, unless `identity` may do `action` on `logstore`."""
        self.permit_on(identity, action, f"project/{logstore.project}/logstore/{logstore.name}")

    def permit_on(self, identity: Identity, action: str, what: str) -> None:
        """Raise SlsError, Unauthorized, unless `identity` may do `action`; `what` is like `project/p`."""
        resource = f"acs:log:{self._region}:{self._ram.account_id}:{what}"
        if not identity.allows(action, resource, now=self._clock()):
            raise SlsError("Unauthorized", f"denied by sts or ram, action: {action}, resource: {resource}")

    def _check_date(self, request: SignedRequest, claim: Claim) -> None:
        text = request.headers.get("x-log-date") or request.headers.get("date")
        if not text:
            raise SlsError("MissingDate", "Date does not exist in http header.")
        moment = _parse_v1_date(text) if claim.date is None else _parse_v4_date(text)
        if abs(self._clock() - moment) > MAX_SKEW:
            raise SlsError("RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes.")

    def _look_up(self, claim: Claim, token: str | None) -> Identity:
        try:
            return self._ram.identify(claim.access_key_id, token)
        except UnknownAccessKey:
            message = f"AccessKeyId not found: {claim.access_key_id}"
            raise SlsError("InvalidAccessKeyId", message) from None
        except UnknownToken:
            raise SlsError("Unauthorized", "The security token you provided is invalid.") from None

    def _is_signed_by(self, identity: Identity, request: SignedRequest, claim: Claim) -> bool:
        if claim.date is None:
            _check_v1_method(request)
            covered = _v1_covers_body(request)
            expected = v1_signature(identity.secret, request)
        else:
            covered = _v4_covers_body(request) and self._is_in_scope(request, claim)
            expected = v4_signature(identity.secret, self._region, request) if covered else ""
        return covered and hmac.compare_digest(expected.encode(), claim.signature.encode())

    def _is_in_scope(self, request: SignedRequest, claim: Claim) -> bool:
        timestamp = request.headers.get("x-log-date", "")
        return claim.region == self._region and timestamp.startswith(str(claim.date))


def _check_version(request: SignedRequest) -> None:
    version = request.headers.get("x-log-apiversion")
    if version is None:
        raise SlsError("MissingAPIVersion", "x-log-apiversion does not exist in http header.")
    if version != API_VERSION:
        raise SlsError("InvalidAPIVersion", f"x-log-apiversion {version} is unsupported.")


def _check_v1_method(request: SignedRequest) -> None:
    method = request.headers.get("x-log-signaturemethod")
    if method is None:
        raise SlsError("MissingSignatureMethod", "x-log-signaturemethod does not exist in http header.")
    if method not in V1_METHODS:
        raise SlsError("InvalidSignatureMethod", f"signature method {method} is unsupported.")


def _v1_covers_body(request: SignedRequest) -> bool:
    if not request.body:
        return True
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest().upper()
    return request.headers.get("content-md5") == digest


def _v4_covers_body(request: SignedRequest) -> bool:
    return request.headers.get("x-log-content-sha256") == hashlib.sha256(request.body).hexdigest()


def _parse_v1_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise SlsError("InvalidDateFormat", f"Date {text} must follow RFC822.") from None


def _parse_v4_date(text: str) -> float:
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise SlsError("InvalidDateFormat", f"Date {text} must be like 20060102T150405Z.") from None
    return moment.replace(tzinfo=timezone.utc).timestamp()
