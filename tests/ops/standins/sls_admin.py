"""SLS's management calls as far as provisioning makes them: V4 signatures checked, state kept.

Codes and statuses are those of the SLS API reference for CreateProject, CreateLogStore, CreateIndex and
their Get and Update counterparts.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.ram import Ram
from local.sls.access import Gate
from local.sls.signatures import SignedRequest

_ROUTES = {
    ("GET", "/"): "get_project",
    ("POST", "/"): "create_project",
    ("POST", "/logstores"): "create_logstore",
    ("GET", "/logstores/*"): "get_logstore",
    ("PUT", "/logstores/*"): "update_logstore",
    ("GET", "/logstores/*/index"): "get_index",
    ("POST", "/logstores/*/index"): "create_index",
}

REGION = "cn-hangzhou"


class Refusal(Exception):
    """An error answer in SLS's shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.body = status, {"errorCode": code, "errorMessage": message}


class SlsAdmin:
    """Projects, Logstores and indexes over HTTP.

    `taken` are names of other accounts' Projects. After a Project is created, `delay` calls that need it
    do not find it yet. `calls` are what came, such as `create_logstore`, in order.
    """

    def __init__(self, ram: Ram) -> None:
        self.account = ram.account_id
        self._gate = Gate(ram, region=REGION, clock=time.time)
        self.projects: dict[str, dict[str, dict[str, Any]]] = {}
        self.indexes: dict[tuple[str, str], dict[str, Any]] = {}
        self.taken: set[str] = set()
        self.calls: list[str] = []
        self.delay = 0
        self._hidden = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        signed = SignedRequest(
            request.method,
            request.url.path,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
        )
        await self._answer(signed)(scope, receive, send)

    def add_logstore(self, project: str, name: str, **settings: Any) -> dict[str, Any]:
        """A Logstore that was there before, with its Project; returns its settings, to be looked at later."""
        usual: dict[str, Any] = {"enable_tracking": False, "appendMeta": True, "ttl": 30, "shardCount": 2}
        usual |= {"autoSplit": True, "maxSplitShard": 64, "logstoreName": name}
        return self.projects.setdefault(project, {}).setdefault(name, {**usual, **settings})

    def _answer(self, request: SignedRequest) -> Response:
        headers = {"x-log-requestid": "REQUEST"}
        try:
            return JSONResponse(self._carry_out(request), headers=headers)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status, headers)

    def _carry_out(self, request: SignedRequest) -> dict[str, Any]:
        self._gate.identify(request)
        project = request.headers["host"].partition(".")[0]
        pattern = re.sub(r"^/logstores/[^/]+", "/logstores/*", request.path)
        name = _ROUTES[(request.method, pattern)]
        self.calls.append(name)
        logstore = request.path.split("/")[2] if "*" in pattern else ""
        do: Callable[[str, str, dict[str, Any]], dict[str, Any]] = getattr(self, f"_{name}")
        return do(project, logstore, json.loads(request.body or b"{}"))

    def _get_project(self, project: str, _: str, __: dict[str, Any]) -> dict[str, Any]:
        self._logstores(project)
        times = {"createTime": "1700000000", "lastModifyTime": "1700000000"}
        names = {"projectName": project, "description": "", "owner": self.account, "region": REGION}
        return {**names, **times, "status": "Normal"}

    def _create_project(self, project: str, _: str, __: dict[str, Any]) -> dict[str, Any]:
        if project in self.projects or project in self.taken:
            raise Refusal(400, "ProjectAlreadyExist", f"Project {project} already exist.")
        self.projects[project] = {}
        self._hidden = self.delay
        return {}

    def _create_logstore(self, project: str, _: str, given: dict[str, Any]) -> dict[str, Any]:
        logstores, name = self._logstores(project), given["logstoreName"]
        if name in logstores:
            raise Refusal(400, "LogStoreAlreadyExist", f"logstore {name} already exists.")
        logstores[name] = given
        return {}

    def _get_logstore(self, project: str, name: str, _: dict[str, Any]) -> dict[str, Any]:
        return self._logstore(project, name)

    def _update_logstore(self, project: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        self._logstore(project, name).update(given)
        return {}

    def _get_index(self, project: str, name: str, _: dict[str, Any]) -> dict[str, Any]:
        self._logstore(project, name)
        if (project, name) not in self.indexes:
            raise Refusal(404, "IndexConfigNotExist", "index config doesn't exist.")
        return self.indexes[(project, name)]

    def _create_index(self, project: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        self._logstore(project, name)
        if (project, name) in self.indexes:
            raise Refusal(400, "IndexAlreadyExist", "log store index is already created.")
        if not given.get("line", {}).get("token"):
            raise Refusal(400, "IndexInfoInvalid", "required field token is lacking or of error format.")
        self.indexes[(project, name)] = given
        return {}

    def _logstores(self, project: str) -> dict[str, dict[str, Any]]:
        if project in self.taken:
            raise Refusal(401, "Unauthorized", f"denied by sts or ram, project: {project}")
        if project not in self.projects or self._hidden > 0:
            self._hidden -= 1
            raise Refusal(404, "ProjectNotExist", f"The Project does not exist : {project}")
        return self.projects[project]

    def _logstore(self, project: str, name: str) -> dict[str, Any]:
        logstores = self._logstores(project)
        if name not in logstores:
            raise Refusal(404, "LogStoreNotExist", f"logstore {name} does not exist")
        return logstores[name]
