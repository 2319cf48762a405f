"""The SLS calls of observing: a Project's saved searches, dashboards, alarms and index keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aliyun.log import LogClient, LogException

_GONE = 404


class Entities(NamedTuple):
    """One kind of named resource; `id_key` is the field with the name."""

    kind: str
    id_key: str
    get: Callable[[str], Any]
    create: Callable[[dict[str, Any]], object]
    update: Callable[[dict[str, Any]], object]

    def find(self, name: str) -> Any | None:
        """Return the resource of this name, None if there is none. Raises the SDK's LogException."""
        try:
            return self.get(name)
        except LogException as error:
            # Each kind has its own code for this; a missing Project is a different error.
            if error.get_resp_status() != _GONE or error.get_error_code() == "ProjectNotExist":
                raise
            return None


class Views:
    """One Project. Every call may raise the SDK's LogException."""

    def __init__(self, client: LogClient, project: str) -> None:
        self._client: Any = client  # partly untyped
        self._project = project

    def kinds(self) -> tuple[Entities, Entities, Entities]:
        """Return saved searches, dashboards and alarms."""
        client, project = self._client, self._project
        return (
            Entities(
                "saved search",
                "savedsearchName",
                lambda name: client.get_savedsearch(project, name).get_entity(),
                lambda wanted: client.create_savedsearch(project, wanted),
                lambda wanted: client.update_savedsearch(project, wanted),
            ),
            Entities(
                "dashboard",
                "dashboardName",
                lambda name: client.get_dashboard(project, name).get_entity(),
                lambda wanted: client.create_dashboard(project, wanted),
                lambda wanted: client.update_dashboard(project, wanted),
            ),
            Entities(
                "alarm",
                "name",
                lambda name: client.get_alert(project, name).get_entity(),
                lambda wanted: client.create_alert(project, wanted),
                lambda wanted: client.update_alert(project, wanted),
            ),
        )

    def find_index(self, logstore: str) -> Mapping[str, Any] | None:
        """Return a Logstore's index in the service's format, None if it has none."""
        try:
            body: Mapping[str, Any] = self._client.get_index_config(self._project, logstore).get_body()
        except LogException as error:
            if error.get_error_code() != "IndexConfigNotExist":
                raise
            return None
        return body

    def set_index(self, logstore: str, index: Mapping[str, Any], *, new: bool) -> None:
        """Create or replace the index."""
        call = self._client.create_index if new else self._client.update_index
        call(self._project, logstore, _RawIndex(index))


class _RawIndex:
    """An index as the API's JSON: the SDK's class would drop settings that it does not know."""

    def __init__(self, index: Mapping[str, Any]) -> None:
        self._index = index

    def to_json(self) -> Mapping[str, Any]:
        """Return the JSON for the SDK to send."""
        return self._index
