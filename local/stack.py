"""The whole local cloud: stand-ins of SLS, STS and OSS, the functions' triggers, the web site."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import NamedTuple

from starlette.types import ASGIApp

from local.deployment import GUARDED, REGION, Deployment
from local.fc.function import ROOT
from local.fc.host import Host, Route
from local.fc.logs import Log, to_stderr
from local.function_logs import LOGSTORE as FUNCTION_LOGSTORE
from local.function_logs import into_store
from local.oss import OssStandIn
from local.ram import AccessKey, Ram
from local.serving import Server
from local.site import Outage, SpoolView, TicketDesk, create_site
from local.sls import SlsStandIn
from local.sts import StsStandIn
from local.timer import INTERVAL, Timer, part, without_idle_runs

WEB_DIST = ROOT / "web" / "dist"
TOKEN_PATHS = r"(?:/.*)?/(?:get_sts_token|token/healthz)"
GUARDED_PATHS = rf"{GUARDED}/.*"


class Ports(NamedTuple):
    """The ports to listen on; 0 selects a free port."""

    site: int = 8080
    functions: int = 9000
    sls: int = 9001
    sts: int = 9002
    oss: int = 9003


USUAL_PORTS = Ports()
FREE_PORTS = Ports(0, 0, 0, 0, 0)


class PortTaken(Exception):
    """One of the ports is not available."""

    def __init__(self, part: str, port: int, reason: OSError) -> None:
        super().__init__(
            f"cannot listen on port {port}: {reason.strerror}; "
            f"choose another with {part.upper()}_PORT=…; 0 selects a free port"
        )


class Stack:
    """Everything that `make run` starts; a context manager.

    Addresses exist inside the block. `sls`, `sts`, `oss`, `ram` and `host` can be inspected; `outage` stops
    and starts SLS.
    """

    functions_url: str
    sls_url: str
    sts_url: str
    oss_url: str
    site_url: str
    host: Host

    def __init__(
        self,
        *,
        ports: Ports = USUAL_PORTS,
        environ: Mapping[str, str] = os.environ,
        log: Log = to_stderr,
        replay_every: float = INTERVAL,
    ) -> None:
        """Read the settings; nothing listens yet. Raises shared.settings.SettingError.

        `replay_every` is the pause between two runs of replay, in seconds.
        """
        self.deployment = Deployment(environ)
        self._replay_every = replay_every
        self._ports, self._log = ports, without_idle_runs(log)
        self._closing = ExitStack()

    @property
    def ram(self) -> Ram:
        """The account that all stand-ins use."""
        return self.deployment.ram

    @property
    def reader_key(self) -> AccessKey:
        """A key with permission to read every Logstore of the Project."""
        return self.deployment.reader_key

    def __enter__(self) -> Stack:
        """Start everything, including one instance of each function with an HTTP trigger.

        Raises PortTaken, or local.fc.errors.FunctionFailed with a function's error about its settings.
        """
        with ExitStack() as undo:
            undo.callback(self._closing.close)
            self._start_stand_ins()
            self._start_functions()
            self._start_site()
            self.host.warm()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _start_stand_ins(self) -> None:
        deployment = self.deployment
        self.sls = SlsStandIn(self.ram, region=deployment.region)
        self._closing.callback(self.sls.close)
        for logstore in deployment.logstores:
            self.sls.create(deployment.project, logstore, webtracking=deployment.anonymous)
        self.sls.create(deployment.project, FUNCTION_LOGSTORE)
        self.sls.store.set_apart(FUNCTION_LOGSTORE)
        self._log = into_store(self.sls.store, deployment.project, self._log)
        self.sts = StsStandIn(self.ram)
        self._closing.callback(self.sts.faults.clear)
        self.oss = OssStandIn(self.ram, region=REGION)
        self._closing.callback(self.oss.close)
        if deployment.spool:
            self.oss.create(deployment.spool.bucket)
        self.sls_url = self._serve("sls", self._ports.sls, self.sls.app)
        self.sts_url = self._serve("sts", self._ports.sts, self.sts.app)
        self.oss_url = self._serve("oss", self._ports.oss, self.oss.app)

    def _start_functions(self) -> None:
        deployment = self.deployment
        token = Route(TOKEN_PATHS, deployment.token(self.sts_url))
        track = deployment.track(self.sls_url, self.oss_url)
        timed = deployment.timed(self.sls_url, self.oss_url)
        guarded = [
            Route(GUARDED + TOKEN_PATHS, deployment.guarded(token.function), warm=False),
            Route(GUARDED_PATHS, deployment.guarded(track), warm=False),
        ]
        self.host = Host(track, [*guarded, token], unrouted=timed, log=self._log)
        self.functions_url = self._serve("functions", self._ports.functions, self.host)
        parts = deployment.replay_parts
        timers = [
            Timer(
                self.host.invoke,
                function.name,
                self._log,
                interval=self._replay_every,
                payload=part(number, parts),
            )
            for function in timed
            for number in range(parts)
        ]
        for timer in timers:
            self._closing.enter_context(timer)
        # Before its server stops: running requests still get an answer, although an error.
        self._closing.callback(self.host.stop)
        for timer in timers:  # stopped first, so that they do not log the calls that this ends
            self._closing.callback(timer.stop)

    @property
    def guarded_url(self) -> str:
        """Where track and token enforce page tickets."""
        return self.functions_url + GUARDED

    def _start_site(self) -> None:
        self.outage = Outage(self.sls.faults)
        spool = self.deployment.local_spool
        site = create_site(
            self.sls.store,
            functions_url=self.functions_url,
            sls_url=self.sls_url,
            project=self.deployment.project,
            logstores=self.deployment.logstores,
            web_dist=WEB_DIST,
            outage=self.outage if self.deployment.sls_is_local else None,
            reader=self.sls.reader,
            function_logstore=FUNCTION_LOGSTORE,
            tickets=TicketDesk(self.deployment.ticket_keys, self.guarded_url, self.deployment.ticket_seconds),
            spool=SpoolView(partial(self.oss.objects, spool.bucket), spool.prefix) if spool else None,
        )
        self.site_url = self._serve("site", self._ports.site, site)

    def _serve(self, part: str, port: int, app: ASGIApp) -> str:
        try:
            server = Server(app, port=port)
        except OSError as error:
            raise PortTaken(part, port, error) from None
        return self._closing.enter_context(server).url
