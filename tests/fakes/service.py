"""What the fakes of all services have in common."""

from __future__ import annotations

from starlette.types import ASGIApp

from local.faults import Faults
from tests.fakes.network import FakeNetwork, Sent


class FakeService:
    """A stand-in under the service's own host names; `faults` make it fail, like the stand-in over HTTP."""

    def __init__(self, network: FakeNetwork, hosts: str, app: ASGIApp, faults: Faults) -> None:
        """`hosts` is a pattern in which `*` stands for any characters."""
        self._network = network
        self._hosts = hosts
        self.faults = faults
        network.serve(hosts, app)

    @property
    def calls(self) -> list[Sent]:
        """The requests sent to it, answered or not."""
        return self._network.to(self._hosts)

    def cut(self) -> None:
        """Make it unreachable, until `network.mend`."""
        self._network.cut(self._hosts)
