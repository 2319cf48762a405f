"""token's core: answers requests with a credential that can only write to the configured Logstores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from alibabacloud_sts20150401.models import AssumeRoleRequest

from functions.token.assume_role import AssumeRole, Issued, session_name
from functions.token.cache import CredentialCache
from functions.token.settings import TokenSettings
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.http.errors import ApiError
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Route, Service
from shared.logs import log
from shared.network.blocking import BLOCKING
from shared.network.client import HttpClient

if TYPE_CHECKING:
    from shared.network.interface import Network

_PATH = r"(?:/.*)?/get_sts_token"


def build(variables: Mapping[str, str], network: Network = BLOCKING) -> Service:
    """Return the function's service, from environment variables; raises SettingError."""
    settings = TokenSettings.read(variables, network)
    vendor = TokenVendor(settings, CredentialSource(variables), network)
    return Service(
        settings.origins,
        (Route(_PATH, ("GET",), vendor.token),),
        warm_up=vendor.warm_up,
        log_all=settings.log_all,
        gate=settings.gate,
    )


class TokenVendor:
    """Answers with one cached credential per instance, renewed before it expires."""

    def __init__(self, settings: TokenSettings, credentials: CredentialSource, network: Network) -> None:
        self._rate_limit = settings.rate_limit
        self._cache: CredentialCache[Issued] = CredentialCache(network)
        request = AssumeRoleRequest(
            role_arn=settings.role_arn,
            role_session_name=session_name(settings.instance),
            duration_seconds=settings.duration,
            policy=settings.policy,
        )
        self._assume_role = AssumeRole(HttpClient(settings.address, network), credentials, request)

    async def token(self, request: Request, _: re.Match[str]) -> Response:
        """Answer `…/get_sts_token`; the key names are those in the guide of the SDK's STS plugin."""
        if self._rate_limit is not None:
            await self._rate_limit.take(request, "", 1)
        issued = await self._issue(request.credentials, request.deadline, request.id)
        body = msgspec.json.encode(
            {
                "AccessKeyId": issued.access_key_id,
                "AccessKeySecret": issued.access_key_secret,
                "SecurityToken": issued.security_token,
                "Expiration": issued.expiration,
            }
        )
        return Response(200, {"Content-Type": "application/json", "Cache-Control": "no-store"}, body)

    async def warm_up(self, credentials: Credentials | None, deadline: Deadline) -> None:
        """Fetch the first credential, so that the first page does not wait; a failure is only logged.

        The first request then retries and answers with the error.
        """
        try:
            await self._issue(credentials, deadline, "initialize")
        except ApiError as error:
            _log_failure("initialize", error)

    async def _issue(self, own: Credentials | None, deadline: Deadline, request_id: str) -> Issued:
        return await self._cache.get(
            partial(self._assume_role, own), deadline, report=partial(_log_failure, request_id)
        )


def _log_failure(request_id: str, error: ApiError) -> None:
    log(error.kind.level, "no new credential", request_id, errorCode=error.kind.code, detail=error.detail)
