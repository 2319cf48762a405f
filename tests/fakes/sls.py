"""Simple Log Service in memory."""

from __future__ import annotations

from local.sls import SlsStandIn, StoredLog
from tests.fakes.account import LOGSTORES, PROJECT, REGION, FakeAccount
from tests.fakes.network import FakeNetwork, Sent

HOSTS = f"*.{REGION}.log.aliyuncs.com"


class FakeSls:
    """Stores writes to the account's Logstores, which refuse unsigned ones."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        self._network = network
        self._stand_in = SlsStandIn(account.ram, region=REGION)
        self.faults = self._stand_in.faults
        for logstore in LOGSTORES:
            self._stand_in.create(PROJECT, logstore)
        network.serve(HOSTS, self._stand_in.app)

    def open_to_web_tracking(self, logstore: str) -> None:
        """Accept unsigned writes, as `SLS_WRITE=anonymous` needs."""
        self._stand_in.create(PROJECT, logstore, webtracking=True)

    def logs(self, logstore: str) -> list[StoredLog]:
        """Return the Logstore's logs, newest first."""
        return list(self._stand_in.store.query(logstore=logstore))

    @property
    def calls(self) -> list[Sent]:
        """The requests sent to it, answered or not."""
        return self._network.to(HOSTS)

    def cut(self) -> None:
        """Make it unreachable, until `network.mend`."""
        self._network.cut(HOSTS)

    def close(self) -> None:
        """Remove all data."""
        self._stand_in.close()
