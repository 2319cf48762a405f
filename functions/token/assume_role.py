"""AssumeRole: signs the SDK's request model, sends it with the project's HTTP client, reads the answer.

Only the models of alibabacloud-sts20150401 are imported: its client costs more than the rest of a cold start.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from alibabacloud_sts20150401.models import AssumeRoleRequest, AssumeRoleResponseBodyCredentials

from functions.token import acs3
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED, ApiError
from shared.network.answers import Answer
from shared.network.client import HttpClient, Unreachable

VERSION = "2015-04-01"
USER_AGENT = "sls-webtracking-fc"
RETRY_AFTER = 2  # seconds for Retry-After on a temporary error

_EMPTY_HASH = acs3.payload_hash(b"")
_NOT_IN_SESSION_NAMES = re.compile(r"[^A-Za-z0-9.@_-]")
_EXPIRATION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,80}")

Stamp = Callable[[], "tuple[float, str]"]
"""Returns the values that differ between requests: the time (epoch seconds) and a nonce."""


class Issued(NamedTuple):
    """A credential from STS; `expires` is `expiration` in epoch seconds."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expiration: str
    expires: float

    def __repr__(self) -> str:
        return f"Issued({self.access_key_id[:8]}…, {self.expiration})"


class TemporaryError(Exception):
    """A temporary error of STS; the text, for the log, has the reason."""


def fresh_stamp() -> tuple[float, str]:
    """Return the current time and 128 random bits."""
    return time.time(), os.urandom(16).hex()


def session_name(instance: str) -> str:
    """Return a RoleSessionName with the instance id: at most 64 letters, digits and `.@-_`."""
    return ("sls-webtracking-" + _NOT_IN_SESSION_NAMES.sub("-", instance))[:64]


class AssumeRole:
    """One AssumeRole request, sent whenever a new credential is needed."""

    def __init__(
        self,
        client: HttpClient,
        credentials: CredentialSource,
        request: AssumeRoleRequest,
        *,
        stamp: Stamp = fresh_stamp,
    ) -> None:
        parameters = {name: str(value) for name, value in request.to_map().items()}
        self._query = acs3.canonical_query(parameters)
        self._client = client
        self._credentials = credentials
        self._stamp = stamp

    async def __call__(self, own: Credentials | None, deadline: Deadline) -> Issued:
        """Have STS issue a credential by the deadline; a temporary error is retried once.

        `own` are the function's own credentials, if the host passes them on. Raises ApiError: SERVER_BUSY for
        temporary errors (STS unreachable, failing or throttling), UPSTREAM_REJECTED for permanent ones. The
        detail, for the log, has the reason.
        """
        credentials = self._credentials.read(own)
        try:
            return await self._attempt(credentials, deadline.within(deadline.remaining() / 2))
        except TemporaryError:
            pass
        try:
            return await self._attempt(credentials, deadline)
        except TemporaryError as fault:
            raise _busy(str(fault)) from fault

    async def _attempt(self, credentials: Credentials, deadline: Deadline) -> Issued:
        headers = [*self._headers(credentials).items()]
        try:
            answer = await self._client.exchange("POST", f"/?{self._query}", headers, b"", deadline=deadline)
        except Unreachable as error:
            raise TemporaryError(f"STS cannot be reached: {error}") from error
        return read_answer(answer)

    def _headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the SDK's headers (alibabacloud-tea-openapi 0.4.6, `client.py`, `do_request`)."""
        now, nonce = self._stamp()
        headers = {
            "x-acs-version": VERSION,
            "x-acs-action": "AssumeRole",
            "user-agent": USER_AGENT,
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "x-acs-signature-nonce": nonce,
            "accept": "application/json",
            "x-acs-content-sha256": _EMPTY_HASH,
            "x-acs-credentials-provider": "static_ak",
        }
        if credentials.security_token:
            headers["x-acs-credentials-provider"] = "static_sts"
            headers["x-acs-accesskey-id"] = credentials.access_key_id
            headers["x-acs-security-token"] = credentials.security_token
        headers["authorization"] = acs3.authorization(
            "POST",
            self._query,
            {**headers, "host": self._client.host},  # added by the client
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
        )
        return headers


def read_answer(answer: Answer) -> Issued:
    """Return the credential in STS's answer to AssumeRole.

    Raises TemporaryError for an error to retry immediately, and ApiError: SERVER_BUSY if STS throttles,
    UPSTREAM_REJECTED if it refuses or the answer is invalid. Details have STS's error code and request id,
    never its message, which may quote signed data.
    """
    try:
        document = msgspec.json.decode(answer.body, type=dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        document = {}
    if answer.status == 200:
        return _issued(document.get("Credentials"))
    code, request = (_word(document.get(name)) for name in ("Code", "RequestId"))
    reason = f"STS answered {answer.status} {code}, request id {request}"
    if answer.status == 429 or code.startswith("Throttling"):
        raise _busy(reason)
    # If a stale connection caused a resend, STS sees the nonce as already used.
    if answer.status >= 500 or code == "SignatureNonceUsed":
        raise TemporaryError(reason)
    raise _rejected(reason)


def _issued(fields: object) -> Issued:
    if not isinstance(fields, dict):
        raise _rejected("STS answered 200 without credentials")
    model = AssumeRoleResponseBodyCredentials().from_map(fields)
    values = (model.access_key_id, model.access_key_secret, model.security_token, model.expiration)
    if not all(isinstance(value, str) and value for value in values):
        raise _rejected("STS answered 200 with incomplete credentials")
    try:
        if _EXPIRATION.fullmatch(model.expiration):
            moment = datetime.fromisoformat(model.expiration.replace("Z", "+00:00"))
            return Issued(*values, expires=moment.timestamp())
    except ValueError:
        pass
    raise _rejected("STS answered 200 with an invalid Expiration")


def _busy(detail: str) -> ApiError:
    """Return the error for a temporary problem."""
    return ApiError(SERVER_BUSY, "no token is available now", detail=detail, retry_after=RETRY_AFTER)


def _rejected(detail: str) -> ApiError:
    """Return the error for a permanent problem."""
    return ApiError(UPSTREAM_REJECTED, "no token is available", detail=detail)


def _word(value: object) -> str:
    """Return an error code or request id, if it is safe for the log."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "(none)"
