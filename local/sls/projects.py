"""Projects and their Logstores, and how a request selects them."""

from __future__ import annotations

import ipaddress
import re
import threading
from dataclasses import dataclass, field

from local.sls.errors import SlsError
from local.sls.quotas import Meter, WriteQuota

PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
LOGSTORE = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]")


@dataclass(frozen=True)
class Logstore:
    """A Logstore and its settings, named as in the CreateLogStore API."""

    project: str
    name: str
    webtracking: bool = False
    append_meta: bool = False
    meter: Meter = field(default_factory=lambda: Meter(WriteQuota()), compare=False)

    def resource(self, region: str, account: str) -> str:
        """Return its ARN, as policies name it."""
        return f"acs:log:{region}:{account}:project/{self.project}/logstore/{self.name}"


class Projects:
    """All Logstores of the stand-in; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._projects: dict[str, dict[str, Logstore]] = {}

    def add(self, logstore: Logstore) -> None:
        """Create the Logstore (and its Project if missing), or replace one of the same name.

        Raises ValueError for a name that the service would refuse.
        """
        if not PROJECT.fullmatch(logstore.project):
            raise ValueError(f"not a Project name: {logstore.project!r}")
        if not LOGSTORE.fullmatch(logstore.name):
            raise ValueError(f"not a Logstore name: {logstore.name!r}")
        with self._lock:
            self._projects.setdefault(logstore.project, {})[logstore.name] = logstore

    def add_project(self, name: str) -> None:
        """Create a Project without a Logstore, unless it exists."""
        with self._lock:
            self._projects.setdefault(name, {})

    def remove_project(self, name: str) -> None:
        """Delete a Project."""
        with self._lock:
            self._projects.pop(name, None)

    def remove(self, project: str, name: str) -> None:
        """Delete a Logstore."""
        with self._lock:
            self._projects.get(project, {}).pop(name, None)

    def project(self, host: str) -> str:
        """Return the Project in the Host header, ``project.endpoint[:port]``.

        An address or ``localhost`` has none and selects the Project created first, because a browser cannot
        send another Host. Raises SlsError: MissingHost, ProjectNotExist.
        """
        if not host:
            raise SlsError("MissingHost", "Host does not exist in http header.")
        with self._lock:
            known = list(self._projects)
        default = known[0] if known else ""
        name = default if _names_no_project(host) else host.partition(".")[0]
        if name not in known:
            raise SlsError("ProjectNotExist", f"The Project does not exist : {name}")
        return name

    def logstore(self, project: str, name: str) -> Logstore:
        """Return the Logstore. Raises SlsError: LogStoreNotExist."""
        with self._lock:
            found = self._projects.get(project, {}).get(name)
        if found is None:
            raise SlsError("LogStoreNotExist", f"logstore {name} does not exist.")
        return found


def _names_no_project(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
