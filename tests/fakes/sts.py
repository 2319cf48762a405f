"""STS in memory."""

from __future__ import annotations

from local.sts import StsStandIn
from tests.fakes.account import FakeAccount
from tests.fakes.network import FakeNetwork, Sent

HOSTS = "sts*.aliyuncs.com"


class FakeSts:
    """Answers AssumeRole for the account; `faults` make it fail, like the stand-in over HTTP."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        self._network = network
        stand_in = StsStandIn(account.ram)
        self.faults = stand_in.faults
        network.serve(HOSTS, stand_in.app)

    @property
    def calls(self) -> list[Sent]:
        """The requests sent to it, answered or not."""
        return self._network.to(HOSTS)

    def cut(self) -> None:
        """Make it unreachable, until `network.mend`."""
        self._network.cut(HOSTS)
