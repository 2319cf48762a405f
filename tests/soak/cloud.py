"""The account that a soak runs in: the three services, and the three functions behind their trigger."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from local.fc.function import Credentials, Function
from local.fc.host import Host, Route
from local.fc.logs import Log
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn
from shared.spool.format import pending, rejected
from shared.spool.settings import PREFIX
from tests.soak.plan import LOGSTORES
from tests.soak.weather import OSS, SLS, STS, Weather

PROJECT, BUCKET = "soak", "soak-spool"
TOKENS_LAST = 900  # seconds, the least that STS gives: handed out for 300 of them at most
_PAGES = "sls-web-tracking"  # the role that pages write with


class Runtime(NamedTuple):
    """One way to run track and token; `timeout` is the functions', in seconds."""

    name: str
    custom: bool
    clients: int
    instances: int
    at_once: int  # requests in one instance
    timeout: float


# A built-in runtime's timeout is short, so that what hangs costs little; a custom runtime is not told its own
# and goes by 10 s, and has many requests wait at once instead.
BUILTIN = Runtime("builtin", custom=False, clients=8, instances=12, at_once=1, timeout=5)
CUSTOM = Runtime("custom", custom=True, clients=32, instances=4, at_once=16, timeout=10)


class Cloud:
    """All of it, inside a ``with`` block; `lifetime` is how long an instance lasts, in seconds."""

    def __init__(self, runtime: Runtime, weather: Weather, log: Log, *, lifetime: float = 40) -> None:
        self._runtime, self._weather, self._log, self._lifetime = runtime, weather, log, lifetime
        self._closing = ExitStack()
        self.ram = Ram()

    def __enter__(self) -> Cloud:
        with ExitStack() as undo:
            undo.callback(self._closing.close)
            self._start_services()
            self._start_functions()
            self.host.warm()
            undo.pop_all()
        for service, faults in self._faults.items():
            self._weather.rule(service, faults)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def clear_up(self) -> None:
        """End all faults."""
        self._weather.clear_up(*self._faults.values())

    def waiting(self) -> int:
        """Return how many objects wait in the spool."""
        return sum(name.startswith(pending(PREFIX)) for name in self.oss.objects(BUCKET))

    def rejected(self) -> int:
        """Return how many objects replay has given up."""
        return sum(name.startswith(rejected(PREFIX)) for name in self.oss.objects(BUCKET))

    def _start_services(self) -> None:
        # In a file, so that this process's memory says nothing of how much has arrived.
        folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="soak-"))
        self.sls = SlsStandIn(self.ram, database=Path(folder) / "logs.db")
        self._closing.callback(self.sls.close)
        for logstore in LOGSTORES:
            self.sls.create(PROJECT, logstore)
        self.oss = OssStandIn(self.ram)
        self._closing.callback(self.oss.close)
        self.oss.create(BUCKET)
        self.sts = StsStandIn(self.ram, clock=lambda: time.time() - self._weather.lag)
        self._closing.callback(self.sts.faults.clear)
        self._faults = {SLS: self.sls.faults, STS: self.sts.faults, OSS: self.oss.faults}
        self._urls = {
            name: self._closing.enter_context(Server(app)).url
            for name, app in ((SLS, self.sls.app), (STS, self.sts.app), (OSS, self.oss.app))
        }

    def _start_functions(self) -> None:
        routes = [
            Route(r"(?:/.*)?/get_sts_token", self._token()),
            # The timer's place: what an event says makes no difference to replay.
            Route(r"/replay", self._replay()),
        ]
        self.host = Host(self._track(), routes, log=self._log)
        self.url = self._closing.enter_context(Server(self.host)).url
        self._closing.callback(self.host.stop)

    def _track(self) -> Function:
        role = self._role(
            "track", _writing("log:PostLogStoreLogs"), _allow(["oss:PutObject"], f"{pending(PREFIX)}*")
        )
        return self._as_runtime(self._function("track", role, self._spool()))

    def _token(self) -> Function:
        target = f"acs:ram::{self.ram.account_id}:role/{_PAGES}"
        role = self._role("token", _statement(["sts:AssumeRole"], [target]))
        policies = [_writing("log:PostLogStoreLogs", "log:PutLogs")]
        self.ram.add_role(_PAGES, trusted=[role], policies=policies)
        settings = {
            "STS_ENDPOINT": self._urls[STS],
            "STS_ROLE_ARN": target,
            "TOKEN_DURATION_SECONDS": str(TOKENS_LAST),
        }
        return self._as_runtime(self._function("token", role, settings))

    def _replay(self) -> Function:
        role = self._role(
            "replay",
            _writing("log:PostLogStoreLogs"),
            _allow(["oss:GetObject", "oss:DeleteObject", "oss:PutObject"], f"{PREFIX}*"),
            _statement(["oss:ListObjects"], [f"acs:oss:*:*:{BUCKET}"]),
        )
        function = self._function("replay", role, self._spool())
        return replace(function, methods=("POST",), timeout=8, instances=3)

    def _spool(self) -> dict[str, str]:
        return {
            "SLS_ENDPOINT": self._urls[SLS],
            "SPOOL_OSS_BUCKET": BUCKET,
            "SPOOL_OSS_ENDPOINT": self._urls[OSS],
        }

    def _role(self, name: str, *policies: dict[str, Any]) -> str:
        return self.ram.add_role(name, trusted=["fc.aliyuncs.com"], policies=policies)

    def _function(self, name: str, role: str, settings: Mapping[str, str]) -> Function:
        return Function(
            name=name,
            handler=f"functions.{name}.index.handler",
            initializer=f"functions.{name}.index.initialize",
            environment={"SLS_PROJECT": PROJECT, "SLS_LOGSTORES": ",".join(LOGSTORES), **settings},
            credentials=partial(self._credentials, role),
            instances=self._runtime.instances,
            timeout=self._runtime.timeout,
            lifetime=self._lifetime,
            account_id=self.ram.account_id,
        )

    def _as_runtime(self, function: Function) -> Function:
        if not self._runtime.custom:
            return function
        at_once = self._runtime.at_once
        return replace(
            function,
            runtime="custom.debian11",
            command=(
                "{python}",
                "-m",
                f"functions.{function.name}",
                "--host",
                "127.0.0.1",
                "--port",
                "{port}",
            ),
            pre_stop="pre-stop",
            instance_concurrency=at_once,
            environment={**function.environment, "CONCURRENCY": str(at_once)},
        )

    def _credentials(self, role: str) -> Credentials:
        """Return what an instance acts with: worth nothing soon after the instance has to be gone."""
        lasts = int(self._lifetime + 3 * self._runtime.timeout)
        issued = self.ram.issue(role, session_name="fc", session_policy=None, duration=lasts, now=time.time())
        return Credentials(issued.id, issued.secret, issued.security_token)


def _writing(*actions: str) -> dict[str, Any]:
    return _statement(actions, [f"acs:log:*:*:project/{PROJECT}/logstore/{name}" for name in LOGSTORES])


def _allow(actions: Sequence[str], objects: str) -> dict[str, Any]:
    return _statement(actions, [f"acs:oss:*:*:{BUCKET}/{objects}"])


def _statement(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {"Version": "1", "Statement": [statement]}
