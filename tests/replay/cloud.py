"""The stand-ins of OSS and SLS, and the function between them with the rights of its role."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from functions.replay import pace
from local.oss import OssStandIn
from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from shared.alibaba.signature_v4 import OSS, signed_headers
from shared.credentials import Credentials
from shared.deadline import Deadline
from shared.network.blocking import run
from shared.network.client import HttpClient
from shared.settings import Environment
from shared.spool.format import Spooled, pack
from shared.spool.settings import SpoolSettings
from tests.replay.support import (
    BUCKET,
    LOGSTORE,
    OTHER,
    PENDING,
    PREFIX,
    PROJECT,
    SETTINGS,
    fresh_index,
    name_of,
)
from tests.support.fc import context

TIMER = b'{"triggerTime":"2026-11-23T06:41:00Z","triggerName":"every-minute","payload":""}'


def allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"Version": "1", "Statement": [statement]}


# What the roles of the two functions may do, and nothing more.
REPLAYS = (
    allow(["log:PostLogStoreLogs"], f"acs:log:*:*:project/{PROJECT}/logstore/*"),
    allow(["oss:GetObject", "oss:DeleteObject", "oss:PutObject"], f"acs:oss:*:*:{BUCKET}/{PREFIX}*"),
    allow(["oss:ListObjects"], f"acs:oss:*:*:{BUCKET}"),
)
TRACKS = (allow(["oss:PutObject"], f"acs:oss:*:*:{BUCKET}/{PENDING}*"),)


class Cloud(NamedTuple):
    """Both services, one account, and the keys of the functions' roles."""

    sls: SlsStandIn
    oss: OssStandIn
    replays: Credentials
    tracks: Credentials
    ram: Ram
    oss_url: str

    def spool(self, batches: Sequence[Spooled]) -> None:
        """Put batches into the spool as track does: its role, its connection, the shared signer."""
        self.put({name_of(one, at).removeprefix(PENDING): pack([one]) for at, one in enumerate(batches)})

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Put objects among what waits, by the last part of their names."""
        settings = SpoolSettings.read(Environment({**SETTINGS, "SPOOL_OSS_ENDPOINT": self.oss_url}))
        with contextlib.closing(HttpClient(settings.address)) as upstream:
            for last, data in objects.items():
                headers = signed_headers(
                    OSS,
                    "PUT",
                    settings.resource(PENDING + last),
                    {},
                    {"Content-Type": "application/gzip", "x-oss-forbid-overwrite": "true"},
                    data,
                    credentials=self.tracks,
                    region=settings.region,
                    now=time.time(),
                )
                target = settings.target(PENDING + last)
                sent = upstream.exchange("PUT", target, list(headers.items()), data, deadline=Deadline(10))
                assert run(sent).status == 200

    def stored(self) -> list[str]:
        """Return what the logs in SLS say, in the order in which they came."""
        return [log.fields["said"] for log in reversed(self.sls.store.query(limit=100_000))]

    def waiting(self, prefix: str = PENDING) -> list[str]:
        """Return the names of what is in the spool."""
        return [name for name in self.oss.objects(BUCKET) if name.startswith(prefix)]


def session(ram: Ram, name: str, policies: Sequence[dict[str, Any]]) -> Credentials:
    """Return keys of a role that may do so much."""
    role = ram.add_role(name, trusted=["fc.aliyuncs.com"], policies=policies)
    issued = ram.issue(role, session_name="fc", session_policy=None, duration=900, now=time.time())
    return Credentials(issued.id, issued.secret, issued.security_token)


@contextlib.contextmanager
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Have the function use both stand-ins, with the rights of its role."""
    ram = Ram()
    sls, oss = SlsStandIn(ram), OssStandIn(ram)
    for logstore in (LOGSTORE, OTHER):
        sls.create(PROJECT, logstore)
    oss.create(BUCKET)
    monkeypatch.setattr(pace, "PAUSES", (0.01,) * len(pace.PAUSES))
    with Server(sls.app) as sls_server, Server(oss.app) as oss_server:
        addresses = {"SLS_ENDPOINT": sls_server.url, "SPOOL_OSS_ENDPOINT": oss_server.url}
        for name, value in {**SETTINGS, **addresses}.items():
            monkeypatch.setenv(name, value)
        replays, tracks = session(ram, "replay", REPLAYS), session(ram, "track", TRACKS)
        cloud = Cloud(sls, oss, replays, tracks, ram, oss_server.url)
        use(monkeypatch, cloud.replays)
        yield cloud
        sls.faults.clear()
        oss.faults.clear()
    sls.close()
    oss.close()


def use(monkeypatch: pytest.MonkeyPatch, keys: Credentials) -> None:
    """Have the environment hold these keys."""
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", keys.security_token or "")


def tick(index: Any = None, timeout: float = 60) -> dict[str, Any]:
    """Run the function once, by default on a new instance."""
    if index is None:
        index = fresh_index()
        index.initialize(context(timeout))
    answer: dict[str, Any] = index.handler(TIMER, context(timeout))
    return answer
