"""SLS's management calls: Projects, Logstores, indexes and views of them, with state and authorization.

Codes and statuses are those of the SLS API reference for CreateProject, CreateLogStore, CreateIndex, their
Get, List, Update and Delete counterparts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from local.ram import Identity
from local.sls.access import SlsAccess
from local.sls.errors import SlsError
from local.sls.projects import LOGSTORE, PROJECT, Logstore, Projects
from local.sls.views import KINDS, ROOMS, Views

Body = dict[str, Any]
_USUAL: Mapping[str, Any] = {
    "enable_tracking": False,
    "appendMeta": True,
    "ttl": 30,
    "shardCount": 2,
    "autoSplit": True,
    "maxSplitShard": 64,
}
_READ_ONLY = {"lastModifyTime", "storage"}  # of an index: the service adds them
_KEY_TYPES = ("text", "long", "double", "json")


class Management:
    """Projects, Logstores, indexes and `views`; thread-safe.

    `taken` are Project names of other accounts. After a Project is created, the first `delay` calls that need
    it do not find it yet. `calls` are the received operations, such as `create_logstore`, in order.
    """

    def __init__(self, served: Projects, gate: SlsAccess, *, region: str, account: str) -> None:
        """`served` receives each Logstore, for writes and reads."""
        self._served, self._gate = served, gate
        self._region, self._account = region, account
        self._lock = threading.RLock()
        self.projects: dict[str, dict[str, Body]] = {}
        self.indexes: dict[tuple[str, str], Body] = {}
        self.views = Views()
        self.taken: set[str] = set()
        self.calls: list[str] = []
        self.delay = 0
        self._hidden = 0

    def add_logstore(self, project: str, name: str, **settings: Any) -> Body:
        """Add an existing Logstore with its Project; returns its settings, which stay current."""
        with self._lock:
            kept = self.know(project, name, settings)
            self._serve(project, name)
            return kept

    def know(self, project: str, name: str, settings: Body) -> Body:
        """Register a Logstore that is already served; returns its settings."""
        with self._lock:
            usual: Body = {**_USUAL, "logstoreName": name}
            kept = self.projects.setdefault(project, {}).setdefault(name, usual)
            kept.update(settings)
            return kept

    def carry_out(self, operation: str, project: str, logstore: str, body: bytes, caller: Identity) -> Body:
        """Perform one of the operations below (such as `get_project`). Raises SlsError."""
        do: Callable[[str, str, Body], Body] = getattr(self, f"_{operation}")
        given = _object(body)
        named = logstore or str(given.get("logstoreName", "")) if "logstore" in operation else logstore
        with self._lock:
            self.calls.append(operation)
            self._permit(caller, operation, project, named)
            return do(project, logstore, given)

    def carry_out_view(
        self, operation: str, kind: str, project: str, name: str, body: bytes, caller: Identity
    ) -> Body:
        """Create, get, update or delete one of a Project's `views`. Raises SlsError."""
        given = _object(body)
        named = name or str(given.get(KINDS[kind].id_key, ""))
        with self._lock:
            self.calls.append(f"{operation}_{kind}")
            action = f"log:{operation.capitalize()}{KINDS[kind].word}"
            self._gate.permit_on(caller, action, f"project/{project}/{KINDS[kind].resource}/{named}")
            self._logstores(project)
            if operation == "create":
                return self.views.create(kind, project, given)
            if operation == "update":
                return self.views.update(kind, project, name, given)
            return (self.views.get if operation == "get" else self.views.delete)(kind, project, name)

    def problem(self, project: str, logstore: str) -> str:
        """Return whether the Project or the Logstore is missing, as text; "" if both exist."""
        with self._lock:
            if project not in self.projects:
                return f"project '{project}' does not exist"
            return "" if logstore in self.projects[project] else f"logstore '{logstore}' does not exist"

    def _permit(self, caller: Identity, operation: str, project: str, logstore: str) -> None:
        action = "log:" + "".join(part.capitalize() for part in operation.split("_"))
        action = action.replace("Logstore", "LogStore")
        below = f"/logstore/{logstore}" if logstore else ""
        self._gate.permit_on(caller, action, f"project/{project}{below}")

    def _get_project(self, project: str, _: str, __: Body) -> Body:
        self._logstores(project)
        times = {"createTime": "1700000000", "lastModifyTime": "1700000000"}
        names = {"projectName": project, "description": "", "owner": self._account, "region": self._region}
        return {**names, **times, "status": "Normal"}

    def _create_project(self, project: str, _: str, __: Body) -> Body:
        if not PROJECT.fullmatch(project):
            raise SlsError("ParameterInvalid", f"invalid project name {project}")
        if project in self.projects or project in self.taken:
            raise SlsError("ProjectAlreadyExist", f"Project {project} already exist.")
        self.projects[project] = {}
        self._served.add_project(project)
        self._hidden = self.delay
        return {}

    def _delete_project(self, project: str, _: str, __: Body) -> Body:
        for name in list(self._logstores(project)):
            self._delete_logstore(project, name, {})
        del self.projects[project]
        self.views.forget(project)
        self._served.remove_project(project)
        return {}

    def _list_logstores(self, project: str, _: str, __: Body) -> Body:
        names = sorted(self._logstores(project))
        return {"count": len(names), "total": len(names), "logstores": names}

    def _create_logstore(self, project: str, _: str, given: Body) -> Body:
        logstores, name = self._logstores(project), given.get("logstoreName")
        if not isinstance(name, str) or not LOGSTORE.fullmatch(name):
            raise SlsError("ParameterInvalid", f"invalid logstore name {name}")
        if name in logstores:
            raise SlsError("LogStoreAlreadyExist", f"logstore {name} already exists.")
        logstores[name] = {**_USUAL, "appendMeta": False, **given}
        self._serve(project, name)
        return {}

    def _get_logstore(self, project: str, name: str, _: Body) -> Body:
        return self._logstore(project, name)

    def _update_logstore(self, project: str, name: str, given: Body) -> Body:
        self._logstore(project, name).update(given)
        self._serve(project, name)
        return {}

    def _delete_logstore(self, project: str, name: str, _: Body) -> Body:
        self._logstore(project, name)
        del self.projects[project][name]
        self.indexes.pop((project, name), None)
        self._served.remove(project, name)
        return {}

    def _get_index(self, project: str, name: str, _: Body) -> Body:
        self._logstore(project, name)
        if (project, name) not in self.indexes:
            raise SlsError("IndexConfigNotExist", "index config doesn't exist.")
        return {**self.indexes[(project, name)], "lastModifyTime": 1700000000, "ttl": 30, "storage": "pg"}

    def _create_index(self, project: str, name: str, given: Body) -> Body:
        self._logstore(project, name)
        if (project, name) in self.indexes:
            raise SlsError("IndexAlreadyExist", "log store index is already created.")
        self._set_index(project, name, given)
        return {}

    def _update_index(self, project: str, name: str, given: Body) -> Body:
        self._get_index(project, name, {})
        self._set_index(project, name, given)
        return {}

    def _delete_index(self, project: str, name: str, _: Body) -> Body:
        self._get_index(project, name, {})
        del self.indexes[(project, name)]
        return {}

    def _set_index(self, project: str, name: str, given: Body) -> None:
        _check_index(given)
        self.indexes[(project, name)] = given

    def _logstores(self, project: str) -> dict[str, Body]:
        if project in self.taken:
            raise SlsError("Unauthorized", f"denied by sts or ram, project: {project}")
        if project not in self.projects or self._hidden > 0:
            self._hidden -= 1
            raise SlsError("ProjectNotExist", f"The Project does not exist : {project}")
        return self.projects[project]

    def _logstore(self, project: str, name: str) -> Body:
        logstores = self._logstores(project)
        if name not in logstores:
            raise SlsError("LogStoreNotExist", f"logstore {name} does not exist.")
        return logstores[name]

    def _serve(self, project: str, name: str) -> None:
        settings = self.projects[project][name]
        self._served.add(
            Logstore(project, name, bool(settings["enable_tracking"]), bool(settings.get("appendMeta")))
        )


def named(host: str) -> str:
    """Return the Project in a Host header; an address may follow it: `shop-logs.127.0.0.1:9001`."""
    return host.partition(".")[0]


def _object(body: bytes) -> Body:
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise SlsError("PostBodyInvalid", "the body must be a JSON object")
    return given


def _check_index(given: Body) -> None:
    """Raise SlsError: IndexInfoInvalid."""
    line, keys = given.get("line"), given.get("keys") or {}
    if not keys and not (isinstance(line, dict) and line.get("token")):
        raise SlsError("IndexInfoInvalid", "required field token is lacking or of error format.")
    if set(given) & _READ_ONLY:
        raise SlsError("IndexInfoInvalid", "a field is not to be written")
    for name, key in keys.items():
        if not isinstance(key, dict) or key.get("type") not in _KEY_TYPES:
            raise SlsError("IndexInfoInvalid", f"key {name} has no type")


OPERATIONS: Mapping[tuple[str, str], str] = {
    ("GET", "/"): "get_project",
    ("POST", "/"): "create_project",
    ("DELETE", "/"): "delete_project",
    ("GET", "/logstores"): "list_logstores",
    ("POST", "/logstores"): "create_logstore",
    ("GET", "/logstores/{logstore}"): "get_logstore",
    ("PUT", "/logstores/{logstore}"): "update_logstore",
    ("DELETE", "/logstores/{logstore}"): "delete_logstore",
    ("GET", "/logstores/{logstore}/index"): "get_index",
    ("POST", "/logstores/{logstore}/index"): "create_index",
    ("PUT", "/logstores/{logstore}/index"): "update_index",
    ("DELETE", "/logstores/{logstore}/index"): "delete_index",
}

# The same for `carry_out_view`: the operation and the kind of thing.
VIEW_OPERATIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    key: (operation, kind)
    for room, kind in ROOMS.items()
    for key, operation in (
        (("POST", f"/{room}"), "create"),
        (("GET", f"/{room}/{{name}}"), "get"),
        (("PUT", f"/{room}/{{name}}"), "update"),
        (("DELETE", f"/{room}/{{name}}"), "delete"),
    )
}
