"""Object Storage Service in memory."""

from __future__ import annotations

from local.oss import OssStandIn
from shared.spool.format import Spooled, pending, rejected, unpack
from shared.spool.settings import PREFIX
from tests.fakes.account import BUCKET, REGION, FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.service import FakeService

HOSTS = f"*oss-{REGION}*.aliyuncs.com"


class FakeOss(FakeService):
    """Stores the account's spool."""

    def __init__(self, account: FakeAccount, network: FakeNetwork) -> None:
        self._stand_in = OssStandIn(account.ram, region=REGION)
        self._stand_in.create(BUCKET)
        super().__init__(network, HOSTS, self._stand_in.app, self._stand_in.faults)

    def spooled(self) -> list[Spooled]:
        """Return the pending batches, in the order of their objects' names."""
        objects = self._stand_in.objects(BUCKET)
        waiting = [held for name, held in objects.items() if name.startswith(pending(PREFIX))]
        return [batch for held in waiting for batch in unpack(held.body)]

    def rejected(self) -> list[str]:
        """Return the names of rejected objects."""
        return [name for name in self._stand_in.objects(BUCKET) if name.startswith(rejected(PREFIX))]

    def close(self) -> None:
        """Remove all data."""
        self._stand_in.close()
