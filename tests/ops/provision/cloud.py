"""An account to provision: RAM and SLS over HTTP, and an operator with all permissions."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from starlette.types import ASGIApp

from local.oss import OssStandIn
from local.ram import AccessKey, Ram
from local.ram.api import RamApi
from local.serving import Server
from local.sls import SlsStandIn
from local.sls.management import Management
from local.sts import StsStandIn
from ops.provision.clients import Credentials
from ops.provision.command import main
from tests.support.policies import EVERYTHING

ACCOUNT = "1234567890123456"
REGION = "cn-hangzhou"


@dataclass
class Cloud:
    """The stand-ins, and the command-line options that point at them."""

    key: AccessKey
    account: Ram
    ram: RamApi
    sls: Management
    oss: OssStandIn
    options: list[str]

    def calls(self) -> set[str]:
        """Return the kinds of calls since the last use of this property."""
        came = {*self.ram.calls, *self.sls.calls}
        self.ram.calls.clear()
        self.sls.calls.clear()
        return came


class Provision:
    """Runs the command against one cloud and keeps its last output."""

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
        """Return the line of the last plan with this prefix."""
        plan = self.out.rpartition("state after the changes")[2]
        (found,) = [line for line in plan.splitlines() if line.startswith(start)]
        return found


@contextmanager
def running_cloud() -> Iterator[Cloud]:
    """An empty account, served on loopback."""
    account = Ram(ACCOUNT)
    key = account.add_user("ops", [EVERYTHING])
    ram, sls, oss = RamApi(account), SlsStandIn(account, region=REGION), OssStandIn(account, region=REGION)
    apps: dict[str, ASGIApp] = {"ram": ram, "sls": sls.app, "sts": StsStandIn(account).app, "oss": oss.app}
    with ExitStack() as stack:
        options = ["--region", REGION]
        for service, app in apps.items():
            options += [f"--{service}-endpoint", stack.enter_context(Server(app)).url]
        yield Cloud(key, account, ram, sls.management, oss, options)
        oss.close()
        sls.close()
