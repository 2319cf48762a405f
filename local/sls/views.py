"""Saved searches, dashboards and alarms of each Project, stored as the API receives them.

Codes and statuses are those of the SLS API reference for CreateSavedSearch, CreateDashboard, CreateAlert and
their Get and Update counterparts. Alarms are jobs. The stand-in stores them and does not run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from local.sls.errors import SlsError

Body = dict[str, Any]


class Kind(NamedTuple):
    """One kind: the key of its name, the word in its error codes, and the word in its ARN."""

    id_key: str
    word: str
    resource: str


KINDS: Mapping[str, Kind] = {
    "savedsearch": Kind("savedsearchName", "SavedSearch", "savedsearch"),
    "dashboard": Kind("dashboardName", "Dashboard", "dashboard"),
    "job": Kind("name", "Job", "job"),
}
ROOMS = {"savedsearches": "savedsearch", "dashboards": "dashboard", "jobs": "job"}
_TIMES = {"createTime": 1700000000, "lastModifiedTime": 1700000000}


class Views:
    """All of them: `held[kind][project][name]`. Not thread-safe: the owner locks."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, dict[str, Body]]] = {kind: {} for kind in KINDS}

    def forget(self, project: str) -> None:
        """Delete everything of a Project."""
        for projects in self.held.values():
            projects.pop(project, None)

    def create(self, kind: str, project: str, given: Body) -> Body:
        """Raises SlsError: ParameterInvalid, …AlreadyExist."""
        held, name = self.of(kind, project), _name(kind, given)
        if name in held:
            raise SlsError(f"{KINDS[kind].word}AlreadyExist", f"{kind} {name} already exists")
        held[name] = given
        return {}

    def get(self, kind: str, project: str, name: str) -> Body:
        """Return it with the timestamps that the service adds. Raises SlsError: …NotExist."""
        return {**self._found(kind, project, name), **_TIMES}

    def update(self, kind: str, project: str, name: str, given: Body) -> Body:
        """Replace it. Raises SlsError: …NotExist, ParameterInvalid."""
        self._found(kind, project, name)
        if _name(kind, given) != name:
            raise SlsError("ParameterInvalid", "the name in the path is another than in the body")
        self.of(kind, project)[name] = given
        return {}

    def delete(self, kind: str, project: str, name: str) -> Body:
        """Raises SlsError: …NotExist."""
        self._found(kind, project, name)
        del self.of(kind, project)[name]
        return {}

    def of(self, kind: str, project: str) -> dict[str, Body]:
        """Return those of a Project by name; changes to the dictionary are kept."""
        return self.held[kind].setdefault(project, {})

    def _found(self, kind: str, project: str, name: str) -> Body:
        held = self.of(kind, project)
        if name not in held:
            raise SlsError(f"{KINDS[kind].word}NotExist", f"{kind} {name} does not exist")
        return held[name]


def _name(kind: str, given: Body) -> str:
    name = given.get(KINDS[kind].id_key)
    if not isinstance(name, str) or not name or not given.get("displayName"):
        raise SlsError("ParameterInvalid", f"{KINDS[kind].id_key} or displayName is missing")
    return name
