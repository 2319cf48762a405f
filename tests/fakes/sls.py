"""Simple Log Service in memory."""

from __future__ import annotations

from local.sls import SlsStandIn, StoredLog
from tests.fakes.account import LOGSTORES, PROJECT, REGION, FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.service import FakeService

HOSTS = f"*.{REGION}.log.aliyuncs.com"


class FakeSls(FakeService):
    """Stores writes to the account's Logstores, which refuse unsigned ones."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        self._stand_in = SlsStandIn(account.ram, region=REGION)
        for logstore in LOGSTORES:
            self._stand_in.create(PROJECT, logstore)
        super().__init__(network, HOSTS, self._stand_in.app, self._stand_in.faults)

    def open_to_web_tracking(self, logstore: str) -> None:
        """Accept unsigned writes, as `SLS_WRITE=anonymous` needs."""
        self._stand_in.create(PROJECT, logstore, webtracking=True)

    def logs(self, logstore: str) -> list[StoredLog]:
        """Return the Logstore's logs, newest first."""
        return list(self._stand_in.store.query(logstore=logstore))

    def close(self) -> None:
        """Remove all data."""
        self._stand_in.close()
