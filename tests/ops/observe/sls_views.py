"""SLS's calls for saved searches, dashboards, alarms and indexes: V4 signatures checked, state kept.

Codes and statuses are those of the SLS API reference for each call.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.ram import Ram
from local.sls.access import SlsAccess
from local.sls.errors import SlsError
from local.sls.signatures import SignedRequest

REGION = "cn-hangzhou"


class _Kind(NamedTuple):
    id_key: str
    missing: str
    existing: str


_KINDS = {
    "savedsearches": _Kind("savedsearchName", "SavedSearchNotExist", "SavedSearchAlreadyExist"),
    "dashboards": _Kind("dashboardName", "DashboardNotExist", "DashboardAlreadyExist"),
    "jobs": _Kind("name", "JobNotExist", "JobAlreadyExist"),
}


class Refusal(Exception):
    """An error answer in SLS's shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.body = status, {"errorCode": code, "errorMessage": message}


class SlsViews:
    """The Project that the Host names, over HTTP.

    `held` is by kind and name, `indexes` by Logstore, None where it has none; `writes` are the calls that
    changed something, in order.
    """

    def __init__(self, ram: Ram, *logstores: str) -> None:
        self._gate = SlsAccess(ram, region=REGION, clock=time.time)
        self.held: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
        self.indexes: dict[str, dict[str, Any] | None] = dict.fromkeys(logstores)
        self.writes: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, query = await request.body(), dict(request.query_params)
        signed = SignedRequest(request.method, request.url.path, query, headers, body)
        await self._answer(signed)(scope, receive, send)

    def _answer(self, request: SignedRequest) -> Response:
        headers = {"x-log-requestid": "REQUEST"}
        try:
            self._gate.identify(request)
            return JSONResponse(self._carry_out(request), headers=headers)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status, headers)
        except SlsError as error:
            return Response(error.body(), error.status, headers, "application/json")

    def _carry_out(self, request: SignedRequest) -> dict[str, Any]:
        content = json.loads(request.body or b"{}")
        _, room, *rest = request.path.split("/")
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
        if room == "logstores":
            return self._index(request.method, rest[0], content)
        return self._entity(request.method, room, rest[0] if rest else "", content)

    def _index(self, method: str, logstore: str, content: dict[str, Any]) -> dict[str, Any]:
        if logstore not in self.indexes:
            raise Refusal(404, "LogStoreNotExist", f"logstore {logstore} does not exist")
        found = self.indexes[logstore]
        if method == "POST" and found is not None:
            raise Refusal(400, "IndexAlreadyExist", "log store index is already created.")
        if method != "POST" and found is None:
            raise Refusal(404, "IndexConfigNotExist", "index config doesn't exist.")
        if method == "GET":
            return {**(found or {}), "lastModifyTime": 1, "ttl": 30, "storage": "pg"}
        _check_index(content)
        self.indexes[logstore] = content
        return {}

    def _entity(self, method: str, room: str, name: str, content: dict[str, Any]) -> dict[str, Any]:
        kind, held = _KINDS[room], self.held[room]
        if method == "POST":
            if content[kind.id_key] in held:
                raise Refusal(400, kind.existing, f"{content[kind.id_key]} already exists")
            held[content[kind.id_key]] = content
            return {}
        if name not in held:
            raise Refusal(404, kind.missing, f"{name} does not exist")
        if method == "PUT":
            if content[kind.id_key] != name:
                raise Refusal(400, "ParameterInvalid", "the name in the path is another than in the body")
            held[name] = content
            return {}
        return {**held[name], "createTime": 1700000000, "lastModifiedTime": 1700000000}


def _check_index(content: dict[str, Any]) -> None:
    if set(content) & {"lastModifyTime", "storage"}:
        raise Refusal(400, "IndexInfoInvalid", "a field is not to be written")
    if not content.get("line", {}).get("token"):
        raise Refusal(400, "IndexInfoInvalid", "required field token is lacking or of error format.")
    for name, key in content.get("keys", {}).items():
        if key.get("type") not in ("text", "long", "double", "json"):
            raise Refusal(400, "IndexInfoInvalid", f"key {name} has no type")
