"""What STS's answers mean: a credential, a fault that may pass, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from alibabacloud_sts20150401.models import AssumeRoleResponseBodyCredentials

from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.answers import Answer

RETRY_AFTER = 2  # seconds a page is asked to wait for what will pass

_EXPIRATION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,80}")


class Issued(NamedTuple):
    """A credential from STS; `expires` is `expiration` in epoch seconds."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: str
    expires: float

    def __repr__(self) -> str:
        return f"Issued({self.access_key_id[:8]}…, {self.expiration})"


class PassingFault(Exception):
    """STS could not answer this once; the text, for the log, says why."""


def read(answer: Answer) -> Issued:
    """Return the credential in STS's answer to AssumeRole.

    Raises PassingFault where asking again may help at once, and ApiError: SERVER_BUSY where STS throttles,
    UPSTREAM_REJECTED where it refuses or makes no sense. Details hold STS's error code and request id, never
    its message, which may quote what was signed.
    """
    document = _document(answer.body)
    if answer.status == 200:
        return _issued(document)
    code, request = (_word(document.get(name)) for name in ("Code", "RequestId"))
    reason = f"STS answered {answer.status} {code}, request id {request}"
    if answer.status == 429 or code.startswith("Throttling"):
        raise busy(reason)
    # A nonce counts as used where a stale connection made the same request be sent twice.
    if answer.status >= 500 or code == "SignatureNonceUsed":
        raise PassingFault(reason)
    raise rejected(reason)


def busy(detail: str) -> ApiError:
    """The error for what waiting may help."""
    return ApiError(SERVER_BUSY, "no token can be had just now", detail=detail, retry_after=RETRY_AFTER)


def rejected(detail: str) -> ApiError:
    """The error for what waiting will not help."""
    return ApiError(UPSTREAM_REJECTED, "no token can be had", detail=detail)


def _issued(document: Mapping[str, object]) -> Issued:
    fields = document.get("Credentials")
    if not isinstance(fields, dict):
        raise rejected("STS answered 200 without credentials")
    model = AssumeRoleResponseBodyCredentials().from_map(fields)
    values = (model.access_key_id, model.access_key_secret, model.security_token, model.expiration)
    if not all(isinstance(value, str) and value for value in values):
        raise rejected("STS answered 200 with credentials that are not whole")
    return Issued(*values, expires=_moment(model.expiration))


def _document(body: bytes) -> Mapping[str, object]:
    """The answer's JSON object; an empty one for anything else."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _moment(expiration: str) -> float:
    try:
        if _EXPIRATION.fullmatch(expiration):
            return datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp()
    except ValueError:
        pass
    raise rejected("STS answered 200 with an Expiration that is no time")


def _word(value: object) -> str:
    """An error code or request id, if it is fit for the log."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "(none)"
