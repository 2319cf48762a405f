"""The fakes themselves: they answer, store, refuse and fail like the services."""

from __future__ import annotations

import json
import time

import pytest

from functions.token.service import build as build_token
from functions.track.service import build as build_track
from local.faults import Fault
from shared.deadline import Deadline
from shared.http.request import Request
from shared.http.response import Response
from shared.http.service import Service
from shared.network.blocking import run
from shared.network.client import HttpClient, Unreachable
from tests.fakes.account import LOGSTORES, FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.sls import FakeSls
from tests.fakes.sts import FakeSts

TRACK_PATH = f"/logstores/{LOGSTORES[0]}/track"
BATCH = b'{"__logs__":[{"k":"v"}],"__topic__":"t"}'


def ask(service: Service, method: str, path: str, body: bytes = b"", seconds: float = 5) -> Response:
    return run(
        service.answer(
            Request(
                method=method,
                path=path,
                query={},
                headers={},
                body=body,
                size=len(body),
                source_ip="203.0.113.7",
                id="r-1",
                deadline=Deadline(seconds),
            )
        )
    )


def token_service(account: FakeAccount) -> Service:
    return build_token(account.variables(account.token_role))


def test_the_fake_sts_issues_tokens_that_the_account_knows(
    fake_account: FakeAccount, fake_sts: FakeSts
) -> None:
    answer = ask(token_service(fake_account), "GET", "/get_sts_token")
    assert answer.status == 200
    credential = json.loads(answer.body)
    identity = fake_account.ram.identify(credential["AccessKeyId"], credential["SecurityToken"])
    assert identity.secret == credential["AccessKeySecret"]
    assert [(call.host, call.method) for call in fake_sts.calls] == [("sts.cn-hangzhou.aliyuncs.com", "POST")]


def test_the_fake_sts_refuses_what_sts_would(fake_account: FakeAccount, fake_sts: FakeSts) -> None:
    fake_account.ram.add_role("sls-web-tracking", trusted=[], policies=[])
    assert ask(token_service(fake_account), "GET", "/get_sts_token").status == 502
    assert len(fake_sts.calls) == 1


def test_the_fake_sts_fails_on_demand(fake_account: FakeAccount, fake_sts: FakeSts) -> None:
    fake_sts.faults.add(Fault.status(400, code="Throttling.User"), times=1)
    service = token_service(fake_account)
    assert ask(service, "GET", "/get_sts_token").status == 503
    assert ask(service, "GET", "/get_sts_token").status == 200


def test_a_disconnected_fake_is_unreachable_until_it_is_reconnected(
    fake_account: FakeAccount, fake_network: FakeNetwork, fake_sts: FakeSts
) -> None:
    fake_sts.cut()
    service = token_service(fake_account)
    assert ask(service, "GET", "/get_sts_token").status == 503
    fake_network.mend()
    assert ask(service, "GET", "/get_sts_token").status == 200
    assert len(fake_sts.calls) == 3


def test_the_fake_sls_keeps_what_was_written(fake_account: FakeAccount, fake_sls: FakeSls) -> None:
    service = build_track(fake_account.variables(fake_account.track_role))
    assert ask(service, "POST", TRACK_PATH, BATCH).status == 200
    (log,) = fake_sls.logs(LOGSTORES[0])
    assert (log.topic, log.fields) == ("t", {"k": "v"})
    assert fake_sls.logs(LOGSTORES[1]) == []


def test_the_fake_sls_refuses_a_function_without_the_right_to_write(
    fake_account: FakeAccount, fake_sls: FakeSls
) -> None:
    service = build_track(fake_account.variables(fake_account.token_role))
    assert ask(service, "POST", TRACK_PATH, BATCH).status == 502
    assert fake_sls.logs(LOGSTORES[0]) == []


def test_the_fake_sls_refuses_an_expired_token(fake_account: FakeAccount, fake_sls: FakeSls) -> None:
    expired = fake_account.credentials(fake_account.track_role, life=900, age=1000)
    variables = dict(fake_account.variables(fake_account.track_role))
    variables |= {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": expired.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": expired.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": expired.security_token or "",
    }
    assert ask(build_track(variables), "POST", TRACK_PATH, BATCH).status == 502
    assert fake_sls.logs(LOGSTORES[0]) == []


def test_the_fake_sls_takes_unsigned_writes_only_where_web_tracking_is_on(
    fake_account: FakeAccount, fake_sls: FakeSls
) -> None:
    service = build_track(fake_account.variables(fake_account.track_role, SLS_WRITE="anonymous"))
    assert ask(service, "POST", TRACK_PATH, BATCH).status == 502
    fake_sls.open_to_web_tracking(LOGSTORES[0])
    assert ask(service, "POST", TRACK_PATH, BATCH).status == 200
    assert len(fake_sls.logs(LOGSTORES[0])) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.reset(),
        Fault.close(),
        Fault.garbage(),
        Fault.truncated(),
        Fault.hang(),
        Fault.reset(stage="head"),
    ],
    ids=lambda fault: fault.name,
)
def test_a_broken_connection_is_no_answer(fake_network: FakeNetwork, fake_sts: FakeSts, fault: Fault) -> None:
    fake_sts.faults.add(fault)
    upstream = HttpClient("https://sts.cn-hangzhou.aliyuncs.com")
    began = time.monotonic()
    with pytest.raises(Unreachable):
        run(upstream.exchange("POST", "/?Action=x", [], b"", deadline=Deadline(1.0)))
    assert time.monotonic() - began < 20
    assert fake_network.sent[0].target == "/?Action=x"


def test_an_answer_lost_after_the_work_was_done_leaves_the_work_done(
    fake_account: FakeAccount, fake_sls: FakeSls
) -> None:
    fake_sls.faults.add(Fault.reset(stage="handled"), times=1)
    service = build_track(fake_account.variables(fake_account.track_role))
    assert ask(service, "POST", TRACK_PATH, BATCH).status == 200
    assert len(fake_sls.logs(LOGSTORES[0])) == len(fake_sls.calls) == 2


def test_a_host_that_no_service_has_is_unreachable(fake_network: FakeNetwork) -> None:
    upstream = HttpClient("https://elsewhere.example.com")
    with pytest.raises(Unreachable, match="no such host"):
        run(upstream.exchange("GET", "/", [], b"", deadline=Deadline(5)))
    assert fake_network.to("elsewhere.*")[0].method == "GET"


def test_what_could_not_be_sent_is_refused_as_by_the_real_connection(fake_network: FakeNetwork) -> None:
    upstream = HttpClient("https://elsewhere.example.com")
    with pytest.raises(ValueError, match="not the head"):
        run(upstream.exchange("GET", "/", [("x", "a\r\nb: c")], b"", deadline=Deadline(5)))
    assert fake_network.sent == []
