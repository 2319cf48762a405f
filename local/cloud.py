"""An empty local cloud: an account in which nothing is provisioned or deployed yet.

Stand-ins of RAM, STS, SLS, OSS and Function Compute's API, and an operator with all permissions. A deployed
function runs with its role's permissions, at its own address. `make cloud` runs it until Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from starlette.types import ASGIApp

from local.fc.control import FunctionCompute
from local.fc.control.api import Code, Logstores
from local.oss import OssStandIn
from local.ram import AccessKey, PolicyDocument, Ram
from local.ram.api import RamApi
from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn

REGION = "cn-hangzhou"
CODE_BUCKET = "fc-temp-code-cn-hangzhou"
MINUTE = 5.0  # seconds; the length of a timer's minute here, so replay runs every five seconds
EVERYTHING: PolicyDocument = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

Show = Callable[[str, str], None]
"""Receives a function's name and a line of its output."""


def _quiet(function: str, line: str) -> None:
    del function, line


class Cloud:
    """The account, a context manager. Its parts can be inspected; addresses exist inside the block."""

    def __init__(self, *, minute: float = MINUTE, show: Show = _quiet) -> None:
        """`minute` is the length of a timer's minute in seconds. Servers start in the block."""
        self.ram = Ram()
        self.key: AccessKey = self.ram.add_user("operator", [EVERYTHING])
        self.roles = RamApi(self.ram)
        self.sts = StsStandIn(self.ram)
        self.oss = OssStandIn(self.ram, region=REGION)
        self.oss.create(CODE_BUCKET)
        self.sls = SlsStandIn(self.ram, region=REGION)
        self._minute, self._show = minute, show
        self._closing = ExitStack()

    def __enter__(self) -> Cloud:
        with ExitStack() as undo:
            undo.callback(self._closing.close)
            self._closing.callback(self.sls.close)
            self._closing.callback(self.oss.close)
            self.ram_url = self._serve(self.roles)
            self.sts_url = self._serve(self.sts.app)
            self.sls_url = self._serve(self.sls.app)
            self.oss_url = self._serve(self.oss.app)
            self.fc = self._function_compute()
            self.fc_url = self._serve(self.fc)
            self._closing.callback(self.fc.stop)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def environment(self) -> dict[str, str]:
        """Return the variables that point `ops`, Serverless Devs and the SDKs at this account."""
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.key.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.key.secret,
            "AccountID": self.ram.account_id,
            "AccessKeyID": self.key.id,
            "AccessKeySecret": self.key.secret,
            "OPS_RAM_ENDPOINT": self.ram_url,
            "OPS_STS_ENDPOINT": self.sts_url,
            "OPS_SLS_ENDPOINT": self.sls_url,
            "OPS_OSS_ENDPOINT": self.oss_url,
            "FC_CLIENT_CUSTOM_ENDPOINT": self.fc_url,
            "FC_CODE_TEMP_OSS_ENDPOINT": self.oss_url,
        }

    def _function_compute(self) -> FunctionCompute:
        return FunctionCompute(
            self.ram,
            code=Code(CODE_BUCKET, self.oss.read),
            logstores=Logstores(self.sls.management.problem),
            sink=self._print,
            endpoints={
                "SLS_ENDPOINT": self.sls_url,
                "STS_ENDPOINT": self.sts_url,
                "SPOOL_OSS_ENDPOINT": self.oss_url,
            },
            region=REGION,
            minute=self._minute,
        )

    def _print(self, logs: Mapping[str, Any], function: str, request_id: str, line: str) -> None:
        """Write a function's output line to its Logstore, with the fields that Function Compute adds."""
        self._show(function, line)
        project, logstore = logs.get("project", ""), logs.get("logstore", "")
        if project and not self.sls.management.problem(project, logstore):
            fields = {"functionName": function, "qualifier": "LATEST", "requestId": request_id}
            self.sls.keep(project, logstore, f"FCLogs:{function}", {**fields, "message": line})

    def _serve(self, app: ASGIApp) -> str:
        return self._closing.enter_context(Server(app)).url


def describe(cloud: Cloud) -> str:
    """Return how to use it, as lines for a shell."""
    lines = [f"export {name}={value}" for name, value in cloud.environment().items()]
    return "\n".join(
        [
            f"# An empty account {cloud.ram.account_id}, region {REGION}. In another terminal:",
            *lines,
            "# then follow docs/deploy.md from step 2 on. A timer's minute has "
            f"{MINUTE:g} seconds here. Ctrl-C stops everything.",
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM and return the exit status."""
    argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__).parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Cloud(show=lambda function, line: print(f"# {function} {line}", flush=True)) as cloud:
        print(describe(cloud), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
