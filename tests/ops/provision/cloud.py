"""An account to provision: RAM and SLS over HTTP, and an operator who may do everything there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from local.oss import OssStandIn
from local.ram import AccessKey, Ram
from local.serving import Server
from ops.provision.clients import Credentials
from ops.provision.command import main
from tests.ops.standins.ram_api import RamApi
from tests.ops.standins.sls_admin import REGION, SlsAdmin

ACCOUNT = "1234567890123456"
EVERYTHING = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass
class Cloud:
    """The stand-ins, and the command-line options that point at them."""

    key: AccessKey
    account: Ram
    ram: RamApi
    sls: SlsAdmin
    oss: OssStandIn
    options: list[str]

    def calls(self) -> set[str]:
        """Every kind of call that came since the last time this was asked."""
        came = {*self.ram.calls, *self.sls.calls}
        self.ram.calls.clear()
        self.sls.calls.clear()
        return came


class Provision:
    """Runs the command against one cloud and keeps what it printed last."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str, project: str = "shop-logs", logstores: str = "web") -> int:
        names = ["--project", project, "--logstores", logstores]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main([*self.cloud.options, *names, *arguments], lambda: Credentials(*self.cloud.key))
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def line(self, start: str) -> str:
        """The one line of the last plan shown that begins so."""
        plan = self.out.rpartition("as it is now")[2]
        (found,) = [line for line in plan.splitlines() if line.startswith(start)]
        return found


@contextmanager
def running_cloud() -> Iterator[Cloud]:
    """An empty account, served on loopback."""
    account = Ram(ACCOUNT)
    key = account.add_user("ops", [EVERYTHING])
    ram, sls, oss = RamApi(account), SlsAdmin(account), OssStandIn(account, region=REGION)
    with Server(ram) as ram_server, Server(sls) as sls_server, Server(oss.app) as oss_server:
        options = ["--region", REGION, "--sls-endpoint", sls_server.url]
        options += ["--ram-endpoint", ram_server.url, "--sts-endpoint", ram_server.url]
        options += ["--oss-endpoint", oss_server.url]
        yield Cloud(key, account, ram, sls, oss, options)
        oss.close()
