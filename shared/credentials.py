"""The only credential module: the function's own credentials, read for each request.

Order: FC's context; the environment; outside Function Compute also the default chain of
alibabacloud-credentials (profile file, instance role, …). Nothing is cached between requests, because FC
replaces the credentials of a running instance: on python3.10 in `context.credentials`, on python3.12 in the
environment (Function Compute documentation, "Context").
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.http.errors import INTERNAL_SERVER_ERROR, ApiError

KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the variable's name, not its value
TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - likewise


class Credentials(msgspec.Struct, frozen=True):
    """An AccessKey pair, with the security token if STS issued it."""

    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id[:8]}…)"


def from_context(context: object) -> Credentials | None:
    """Return the credentials in the handler's `context`, or None if it has none."""
    own = getattr(context, "credentials", None)
    key_id, secret = getattr(own, "access_key_id", None), getattr(own, "access_key_secret", None)
    if not key_id or not secret:
        return None
    return Credentials(key_id, secret, getattr(own, "security_token", None) or None)


class CredentialSource:
    """Reads the function's own credentials."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._chain: Any = None

    def read(self, context: Credentials | None) -> Credentials:
        """Return the current credentials: from the context, the environment or the default chain.

        Raises ApiError (500) if there are none; its detail, for the log, lists where they were searched.
        """
        if context is not None:
            return context
        key_id, secret = self._environ.get(KEY_ID), self._environ.get(KEY_SECRET)
        if key_id and secret:
            return Credentials(key_id, secret, self._environ.get(TOKEN) or None)
        found = self._from_default_chain()
        if found is None:
            raise ApiError(INTERNAL_SERVER_ERROR, "the function is not set up", detail=self._missing())
        return found

    def _from_default_chain(self) -> Credentials | None:
        if self._on_function_compute():
            return None
        try:
            if self._chain is None:
                # Imported here because it costs more than the rest of a cold start.
                from alibabacloud_credentials.client import Client

                self._chain = Client()
            found = self._chain.get_credential()
        except Exception:  # noqa: BLE001 - each provider of the chain raises different types
            return None
        if not found.access_key_id or not found.access_key_secret:
            return None
        return Credentials(found.access_key_id, found.access_key_secret, found.security_token or None)

    def _on_function_compute(self) -> bool:
        return bool(self._environ.get("FC_FUNCTION_NAME"))

    def _missing(self) -> str:
        tried = f"no credentials: the context has none, {KEY_ID} and {KEY_SECRET} are not both set"
        if self._on_function_compute():
            return tried + "; give the function a role (`role` in s.yaml)"
        return tried + ", and alibabacloud-credentials' default chain found none"
