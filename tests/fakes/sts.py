"""STS in memory."""

from __future__ import annotations

from local.sts import StsStandIn
from tests.fakes.account import FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.service import FakeService

HOSTS = "sts*.aliyuncs.com"


class FakeSts(FakeService):
    """Answers AssumeRole for the account."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        stand_in = StsStandIn(account.ram)
        super().__init__(network, HOSTS, stand_in.app, stand_in.faults)
