"""The permissions of an issued token, tested with Alibaba's SDKs over HTTP against the stand-ins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any, NamedTuple

import pytest
from aliyun.log import GetLogsRequest, LogClient, LogException, LogItem, PutLogsRequest
from aliyun.log.auth import AuthV1

from local.serving import Server
from local.sls import SlsStandIn
from local.sts import StsStandIn
from tests.fakes.account import LOGSTORES, PROJECT, REGION, FakeAccount
from tests.local.sts.cloud import client as sts_client
from tests.local.sts.cloud import refusal
from tests.token.vendor import Vendor

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the SDK leaves its session open
OTHERS = "somebody-elses"


class Bench(NamedTuple):
    """Both stand-ins, a token issued by the function, and the clock of SLS."""

    sls: SlsStandIn
    sls_url: str
    sts_port: int
    token: dict[str, str]
    ahead: list[float]

    def client(self, version: str = "v1") -> Any:
        found: Any = LogClient(
            self.sls_url,
            self.token["AccessKeyId"],
            self.token["AccessKeySecret"],
            securityToken=self.token["SecurityToken"],
            auth_version=version,
            region=REGION,
            source="tests",
        )
        found._isRowIp = True  # else it puts the Project before an IP address
        return found

    def put(self, logstore: str, *, project: str = PROJECT, version: str = "v1") -> None:
        item = LogItem(int(time.time()), contents=[("seen", "yes")])
        self.client(version).put_logs(PutLogsRequest(project, logstore, "", "tests", [item]))


@pytest.fixture
def bench(fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    ahead = [0.0]
    sls = SlsStandIn(fake_account.ram, region=REGION, clock=lambda: time.time() + ahead[0])
    for logstore in (*LOGSTORES, OTHERS):
        sls.create(PROJECT, logstore)
    with Server(sls.app) as sls_server, Server(StsStandIn(fake_account.ram).app) as sts_server:
        variables = fake_account.variables(fake_account.token_role, STS_ENDPOINT=sts_server.url)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Bench(sls, sls_server.url, sts_server.port, Vendor().send().json(), ahead)
    sls.close()


def code(bench: Bench, **where: str) -> str:
    with pytest.raises(LogException) as caught:
        bench.put(**where)
    return str(caught.value.get_error_code())


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize("logstore", LOGSTORES)
def test_it_writes_to_the_configured_logstores(bench: Bench, logstore: str, version: str) -> None:
    bench.put(logstore, version=version)
    (log,) = bench.sls.store.query(logstore=logstore)
    assert log.fields == {"seen": "yes"}


def test_it_writes_to_no_other_logstore_though_the_role_may(bench: Bench) -> None:
    assert code(bench, logstore=OTHERS) == "Unauthorized"
    assert bench.sls.store.query(logstore=OTHERS) == []


def test_it_writes_to_no_other_project(fake_account: FakeAccount, bench: Bench) -> None:
    token = fake_account.ram.identify(bench.token["AccessKeyId"], bench.token["SecurityToken"])
    resource = f"acs:log:{REGION}:{fake_account.ram.account_id}:project/another/logstore/{LOGSTORES[0]}"
    assert not token.allows("log:PostLogStoreLogs", resource, now=time.time())
    assert token.allows("log:PostLogStoreLogs", resource.replace("another", PROJECT), now=time.time())


def test_it_reads_nothing(bench: Bench) -> None:
    bench.put(LOGSTORES[0])
    request = GetLogsRequest(PROJECT, LOGSTORES[0], int(time.time()) - 60, int(time.time()) + 60, "", "*")
    with pytest.raises(LogException) as caught:
        bench.client().get_logs(request)
    assert caught.value.get_error_code() == "Unauthorized"


def test_it_may_assume_no_role(fake_account: FakeAccount, bench: Bench) -> None:
    sts = sts_client(
        bench.sts_port,
        bench.token["AccessKeyId"],
        bench.token["AccessKeySecret"],
        bench.token["SecurityToken"],
    )
    assert refusal(sts, role_arn=fake_account.written_role) == (403, "NoPermission")


def test_it_does_nothing_once_it_has_expired(bench: Bench) -> None:
    client = bench.client("v1")
    token = bench.token
    bench.ahead[0] = 3601.0
    with pytest.MonkeyPatch.context() as patch:
        # Signed at the stand-in's time: an old date would be refused before the token is checked.
        patch.setattr(AuthV1, "_getGMT", staticmethod(lambda: formatdate(time.time() + 3601, usegmt=True)))
        item = LogItem(int(time.time()), contents=[("seen", "yes")])
        with pytest.raises(LogException) as caught:
            client.put_logs(PutLogsRequest(PROJECT, LOGSTORES[0], "", "tests", [item]))
    assert caught.value.get_error_code() == "Unauthorized"
    assert "expired" in caught.value.get_error_message()
    assert token["SecurityToken"] not in caught.value.get_error_message()
