"""AssumeRole: the SDK's request model, signed here, sent over the connection code that track uses too.

Only the models of alibabacloud-sts20150401 are imported: its client costs more than the rest of a cold start.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

from alibabacloud_sts20150401.models import AssumeRoleRequest

from functions.token import acs3
from functions.token.answers import Issued, PassingFault, busy, read
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.answers import Answer
from shared.network.blocking import run
from shared.network.client import HttpClient, Unreachable

VERSION = "2015-04-01"
USER_AGENT = "sls-webtracking-fc"

_NOT_IN_SESSION_NAMES = re.compile(r"[^A-Za-z0-9.@_-]")

Stamp = Callable[[], tuple[float, str]]
"""Gives what differs from request to request: the time (epoch seconds) and a nonce."""


def fresh_stamp() -> tuple[float, str]:
    """Now, and 128 random bits."""
    return time.time(), os.urandom(16).hex()


def session_name(instance: str) -> str:
    """A RoleSessionName that names the function instance: at most 64 letters, digits and `.@-_`."""
    return ("sls-webtracking-" + _NOT_IN_SESSION_NAMES.sub("-", instance))[:64]


class AssumeRole:
    """One AssumeRole request, made again whenever a credential is needed; its client has to block."""

    def __init__(
        self, upstream: HttpClient, request: AssumeRoleRequest, *, stamp: Stamp = fresh_stamp
    ) -> None:
        parameters = {name: str(value) for name, value in request.to_map().items()}
        self._query = acs3.canonical_query(parameters)
        self._upstream = upstream
        self._stamp = stamp

    def __call__(self, credentials: Credentials, deadline: Deadline) -> Issued:
        """Have STS issue a credential, by the deadline; what may pass is tried twice, in half the time each.

        Raises ApiError: SERVER_BUSY where waiting may help (STS could not be reached, was broken, throttles),
        UPSTREAM_REJECTED where it will not. The detail, for the log, says why.
        """
        try:
            return self._attempt(credentials, deadline.within(deadline.remaining() / 2))
        except PassingFault:
            pass
        try:
            return self._attempt(credentials, deadline)
        except PassingFault as fault:
            raise busy(str(fault)) from fault

    def _attempt(self, credentials: Credentials, deadline: Deadline) -> Issued:
        return read(self._exchange(self._signed_headers(credentials), deadline))

    def _exchange(self, headers: dict[str, str], deadline: Deadline) -> Answer:
        target = f"/?{self._query}"
        try:
            return run(self._upstream.exchange("POST", target, [*headers.items()], b"", deadline=deadline))
        except Unreachable as error:
            raise PassingFault(f"STS cannot be reached: {error}") from error

    def _signed_headers(self, credentials: Credentials) -> dict[str, str]:
        headers = self._headers(credentials)
        authorization = acs3.authorization(
            "POST",
            self._query,
            {**headers, "host": self._upstream.host},  # which the connection adds by itself
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
        )
        return {**headers, "authorization": authorization}

    def _headers(self, credentials: Credentials) -> dict[str, str]:
        """Those that the SDK's client sends (alibabacloud-tea-openapi 0.4.6, `client.py`, `do_request`)."""
        now, nonce = self._stamp()
        headers = {
            "x-acs-version": VERSION,
            "x-acs-action": "AssumeRole",
            "user-agent": USER_AGENT,
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "x-acs-signature-nonce": nonce,
            "accept": "application/json",
            "x-acs-content-sha256": acs3.payload_hash(b""),
            "x-acs-credentials-provider": "static_ak",
        }
        if credentials.security_token:
            headers["x-acs-credentials-provider"] = "static_sts"
            headers["x-acs-accesskey-id"] = credentials.access_key_id
            headers["x-acs-security-token"] = credentials.security_token
        return headers
