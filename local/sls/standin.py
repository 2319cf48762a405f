"""The whole stand-in: created by tests and by ``make run``, served by `local.serving.Server`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from starlette.types import ASGIApp

from local.faults import Faults
from local.ram import Ram
from local.sls.access import SlsAccess
from local.sls.app import Routes
from local.sls.envelope import envelope
from local.sls.management import Management
from local.sls.projects import Logstore, Projects
from local.sls.quotas import Meter, WriteQuota
from local.sls.reads import Reader
from local.sls.store import NewLog, Store
from local.sls.writes import Writer


class SlsStandIn:
    """Simple Log Service in one process.

    `app` is the ASGI application, `store` has the logs, `reader` searches them, `management` has the Projects
    and Logstores, `faults` is the fault injection. Requests without a Project in their Host go to the Project
    created first.
    """

    app: ASGIApp

    def __init__(
        self,
        ram: Ram,
        *,
        clock: Callable[[], float] = time.time,
        database: str | Path = ":memory:",
        region: str = "cn-hangzhou",
    ) -> None:
        """Open `database`; V4 signatures must be for `region`. Raises sqlite3.Error."""
        self.store = Store(database)
        self.reader = Reader(self.store)
        self.faults = Faults()
        self._projects = Projects()
        gate = SlsAccess(ram, region=region, clock=clock)
        self.management = Management(self._projects, gate, region=region, account=ram.account_id)
        self._clock = clock
        writer = Writer(self.store, clock)
        routes = Routes(self._projects, self.reader, gate, writer, self.management)
        self.app = envelope(self.faults.wrap(routes.app()))

    def create(
        self,
        project: str,
        logstore: str,
        *,
        webtracking: bool = False,
        append_meta: bool = False,
        quota: WriteQuota | None = None,
    ) -> None:
        """Create a Logstore, or change the settings of an existing one; its logs stay.

        Raises ValueError for names that the service would refuse.
        """
        meter = Meter(quota or WriteQuota())
        self._projects.add(Logstore(project, logstore, webtracking, append_meta, meter))
        settings = {"enable_tracking": webtracking, "appendMeta": append_meta}
        self.management.know(project, logstore, settings)

    def keep(self, project: str, logstore: str, topic: str, fields: dict[str, str]) -> None:
        """Store one log that the platform writes, such as a line of a function's output."""
        now = self._clock()
        self.store.append([NewLog(project, logstore, int(now), now, topic, "", {}, fields)])

    def close(self) -> None:
        """Release hanging requests and close the store."""
        self.faults.clear()
        self.reader.close()
        self.store.close()
