"""End to end with the SLS stand-in: the official SDK reads what the handler received."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from aliyun.log import logclient

from local.faults import Fault
from local.ram import AccessKey, Ram
from local.serving import Server
from local.sls import SlsStandIn
from tests.support.fc import context
from tests.track.support import LOGSTORE, SETTINGS, TRACK, Track, running

PROJECT = SETTINGS["SLS_PROJECT"]
UA = "Mozilla/5.0 (☃)"


class Cloud(NamedTuple):
    """A stand-in with the Project's Logstore, closed to the public."""

    sls: SlsStandIn
    ram: Ram
    url: str
    writer: AccessKey
    reader: AccessKey

    def track(self, stack: contextlib.ExitStack, **settings: str) -> Track:
        """Start track in front of the stand-in, with a key that may only write."""
        signing: dict[str, Any] = {
            "SLS_ENDPOINT": self.url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.writer.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.writer.secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": "",
        }
        return stack.enter_context(running(**{**signing, **settings}))

    def read(self) -> list[dict[str, Any]]:
        """Return every log in the Logstore, as aliyun-log-python-sdk reads it."""
        client: Any = logclient.LogClient(self.url, self.reader.id, self.reader.secret)
        client._isRowIp = True  # the SDK's own switch for an address that has no Project in front
        now = int(time.time())
        answer = client.get_log(PROJECT, LOGSTORE, now - 60, now + 60, size=100)
        return [
            {**log.get_contents(), "__source__": log.get_source(), "time": log.get_time()}
            for log in answer.get_logs()
        ]


def _policy(action: str) -> dict[str, Any]:
    resource = f"acs:log:*:*:project/{PROJECT}/logstore/{LOGSTORE}"
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    ram = Ram()
    sls = SlsStandIn(ram)
    sls.create(PROJECT, LOGSTORE)
    writer = ram.add_user("track", [_policy("log:PostLogStoreLogs")])
    reader = ram.add_user("reader", [_policy("log:Get*")])
    with Server(sls.app) as server:
        yield Cloud(sls, ram, server.url, writer, reader)
    sls.close()


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def test_a_post_is_read_back_by_the_official_sdk(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    track = cloud.track(stack)
    logs = r'[{"a":"1","é":"😀"},{"n":1.50,"s":"\ud800"}]'
    body = f'{{"__logs__":{logs},"__tags__":{{"env":"dev"}},"__topic__":"T","__source__":"S"}}'
    before = int(time.time())
    assert track.post(body, User_Agent=UA, Referer="https://shop.example.com/").status == 200
    stored = cloud.read()
    assert len(stored) == 2
    shared = {
        "__topic__": "T",
        "__source__": "S",
        "__tag__:env": "dev",
        "__tag__:client_ip": "203.0.113.77",
        "__tag__:user_agent": UA,
        "__tag__:referer": "https://shop.example.com/",
    }
    for log in stored:
        assert before <= log.pop("time") <= time.time()
        assert {name: log.pop(name, None) for name in shared} == shared
    fields = [{name: value for name, value in log.items() if not name.startswith("__")} for log in stored]
    assert sorted(fields, key=str) == sorted([{"a": "1", "é": "😀"}, {"n": "1.5", "s": "�"}], key=str)


def test_each_form_of_get_is_read_back_by_the_official_sdk(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    track = cloud.track(stack)
    for form in ("track", "track.gif", "track_ua.gif"):
        query = {"APIVersion": "0.6.0", "__topic__": form, "k": "a b&ü"}
        path = TRACK.replace("/track", f"/{form}")
        assert track.send("GET", path, query=query, headers={"User-Agent": UA}).status == 200
    logs = {log["__topic__"]: log for log in cloud.read()}
    assert set(logs) == {"track", "track.gif", "track_ua.gif"}
    assert {log["k"] for log in logs.values()} == {"a b&ü"}
    assert [topic for topic, log in logs.items() if log.get("user_agent") == UA] == ["track_ua.gif"]


@pytest.mark.parametrize("webtracking", [True, False])
def test_anonymous_mode_writes_only_where_webtracking_is_on(
    webtracking: bool, cloud: Cloud, stack: contextlib.ExitStack
) -> None:
    cloud.sls.create(PROJECT, LOGSTORE, webtracking=webtracking)
    track = cloud.track(stack, SLS_WRITE="anonymous")
    assert track.post('{"__logs__":[{"a":"1"}]}').status == (200 if webtracking else 502)
    assert [log["a"] for log in cloud.read()] == (["1"] if webtracking else [])


@pytest.mark.parametrize(
    "settings",
    [
        {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "another"},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tNobody"},
        {"ALIBABA_CLOUD_SECURITY_TOKEN": "no-such-token"},
        {"SLS_REGION": "eu-central-1"},
        {"SLS_LOGSTORES": f"{LOGSTORE},checkout"},
    ],
    ids=["secret", "key", "token", "region", "other-logstore"],
)
def test_a_write_that_sls_refuses_is_502_and_not_stored(
    settings: dict[str, str], cloud: Cloud, stack: contextlib.ExitStack
) -> None:
    track = cloud.track(stack, **settings)
    path = "/logstores/checkout/track" if "SLS_LOGSTORES" in settings else TRACK
    reply = track.send("POST", path, '{"__logs__":[{"a":"1"}]}')
    assert (reply.status, reply.code) == (502, "UpstreamRejected")
    assert cloud.read() == []


def test_a_temporary_fault_loses_and_duplicates_nothing(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    track = cloud.track(stack)
    cloud.sls.faults.add(Fault.status(500, code="InternalServerError"), times=2)
    assert track.post('{"__logs__":[{"a":"1"}]}').status == 200
    assert [log["a"] for log in cloud.read()] == ["1"]
    assert cloud.sls.faults.seen >= 3


def test_4096_logs_and_3_mb_are_stored(cloud: Cloud, stack: contextlib.ExitStack) -> None:
    track = cloud.track(stack)
    logs = ",".join(['{"a":"1"}'] * 4095)
    filler = "x" * (3 * 1024 * 1024 - len(logs) - len('{"__logs__":[,{"b":""}]}'))
    body = f'{{"__logs__":[{logs},{{"b":"{filler}"}}]}}'
    assert len(body) == 3 * 1024 * 1024
    reply = track.send("POST", TRACK, body, given=context(60))  # a busy machine takes its time over 3 MB
    assert reply.status == 200
    assert sum(cloud.sls.store.counts().values()) == 4096
