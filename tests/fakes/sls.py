"""Simple Log Service in memory."""

from __future__ import annotations

from local.sls import SlsStandIn, StoredLog
from tests.fakes.account import LOGSTORES, PROJECT, REGION, FakeAccount
from tests.fakes.network import FakeNetwork, Sent

HOSTS = f"*.{REGION}.log.aliyuncs.com"


class FakeSls:
    """Takes and keeps writes to the account's Logstores, which are closed to unsigned ones."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        self._network = network
        self._stand_in = SlsStandIn(account.ram, region=REGION)
        self.faults = self._stand_in.faults
        for logstore in LOGSTORES:
            self._stand_in.create(PROJECT, logstore)
        network.serve(HOSTS, self._stand_in.app)

    def open_to_web_tracking(self, logstore: str) -> None:
        """Let unsigned writes in, as `SLS_WRITE=anonymous` needs it."""
        self._stand_in.create(PROJECT, logstore, webtracking=True)

    def logs(self, logstore: str) -> list[StoredLog]:
        """What the Logstore holds, newest first."""
        return list(self._stand_in.store.query(logstore=logstore))

    @property
    def calls(self) -> list[Sent]:
        """The requests that were sent to it, answered or not."""
        return self._network.to(HOSTS)

    def cut(self) -> None:
        """Make it unreachable, until `network.mend`."""
        self._network.cut(HOSTS)

    def close(self) -> None:
        """Forget everything."""
        self._stand_in.close()
