"""The HTTP interface of the STS stand-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.faults import Faults
from local.ram import Ram
from local.sts import acs3, rpc_v1
from local.sts.assume_role import AssumeRoleParameters, assume_role
from local.sts.authentication import StsAuthentication
from local.sts.caller_identity import caller_identity
from local.sts.claims import Call, Claim
from local.sts.errors import Format, StsError, error_fields, render, render_error, request_id

VERSION = "2015-04-01"
ACTIONS = ("AssumeRole", "GetCallerIdentity")
ACCOUNT_QUOTA = 6000  # AssumeRole calls a minute for the whole account (documentation of AssumeRole)

_CONTENT_TYPES: dict[Format, str] = {
    "JSON": "application/json;charset=utf-8",
    "XML": "text/xml;charset=utf-8",
}


class StsStandIn:
    """STS over HTTP: `app` is the ASGI application, `faults` is its fault injection.

    `clock` returns epoch seconds; `calls_a_minute` is the account's quota before throttling.
    """

    def __init__(
        self, ram: Ram, *, clock: Callable[[], float] = time.time, calls_a_minute: int = ACCOUNT_QUOTA
    ) -> None:
        self.faults = Faults(render_error)
        self.app: ASGIApp = self.faults.wrap(self._serve)
        self._ram, self._clock = ram, clock
        self._gate = StsAuthentication(ram, clock, calls_a_minute)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.url.query, headers, await request.body())
        await self.answer(request.url.path, call)(scope, receive, send)

    def answer(self, path: str, call: Call) -> Response:
        """Answer one call."""
        identifier, form = request_id(), _asked_form(call)
        fields: dict[str, Any]
        try:
            fields, status = self._carry_out(path, call), 200
            root = "AssumeRoleResponse" if "Credentials" in fields else "GetCallerIdentityResponse"
        except StsError as refusal:
            fields = error_fields(refusal.code, refusal.message, identifier)
            status, root = refusal.status, "Error"
        body = render({"RequestId": identifier, **fields}, root=root, form=form)
        response = Response(body, status, {"x-acs-request-id": identifier})
        response.headers["content-type"] = _CONTENT_TYPES[form]
        return response

    def _carry_out(self, path: str, call: Call) -> dict[str, Any]:
        if path != "/" or call.method not in ("GET", "POST"):
            message = "Specified api is not found, please check your url and method."
            raise StsError(404, "InvalidAction.NotFound", message)
        claim = _claim(call)
        caller = self._gate.admit(claim)
        if claim.action == "GetCallerIdentity":
            return caller_identity(self._ram, caller)
        return assume_role(self._ram, caller, AssumeRoleParameters.read(claim.parameters), now=self._clock())


def _claim(call: Call) -> Claim:
    claim = acs3.read(call) if "authorization" in call.headers else rpc_v1.read(call)
    if claim.version != VERSION:
        raise StsError(400, "InvalidVersion", "Specified parameter Version is not valid.")
    if claim.action not in ACTIONS:
        message = "Specified api is not found, please check your url and method."
        raise StsError(404, "InvalidAction.NotFound", message)
    return claim


def _asked_form(call: Call) -> Format:
    """Return the requested format; the default of RPC V1 is XML, of ACS3 JSON."""
    if "authorization" in call.headers:
        return "XML" if "xml" in call.headers.get("accept", "") else "JSON"
    return "JSON" if call.parameters().get("Format", "XML").upper() == "JSON" else "XML"
