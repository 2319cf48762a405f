"""Uploads of the browser's STS plugin, directly to the service: preflights, and replayed captures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.faults import Fault
from local.ram import Identity, Ram, UnknownToken
from local.serving import Server
from local.sls import SlsStandIn

from .support import CAPTURES, LOGSTORE, Cloud, group, policy, refusal

HEADERS_ASKED_FOR = (
    "authorization,content-md5,content-type,x-acs-security-token,x-log-apiversion,x-log-bodyrawsize,"
    "x-log-date,x-log-signaturemethod"
)


class CapturedRam(Ram):
    """Knows the one token of the captures."""

    def identify(self, access_key_id: str, security_token: str | None) -> Identity:
        if (access_key_id, security_token) != ("STS.FAKEID", "FAKE/TOKEN+abc=="):
            raise UnknownToken(access_key_id)
        write = policy("log:PostLogStoreLogs", "acs:log:*:*:project/demo-project/logstore/my-logstore")
        return Identity("arn", "fakesecret", None, "principal", ((write,),))


class Replay:
    """A stand-in at the time of a capture."""

    def __init__(self, capture: dict[str, Any]) -> None:
        self.preflight, self.post = capture["requests"][1:]
        self.sls = SlsStandIn(CapturedRam(), clock=lambda: float(self.post["ts"]))
        self.sls.create("demo-project", "my-logstore")

    def send(self, client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
        headers = [(name, value) for name, value in request["headers"] if name != "Content-Length"]
        return client.request(
            request["method"], request["path"], headers=headers, content=request["body"].encode()
        )


def replay(name: str) -> Replay:
    return Replay(json.loads((CAPTURES / f"{name}.json").read_text()))


@pytest.fixture(params=["S02-sendImmediate", "S04-sendBatchLogsImmediate"])
def session(request: pytest.FixtureRequest) -> Iterator[tuple[Replay, httpx.Client]]:
    replayed = replay(request.param)
    with Server(replayed.sls.app) as server, httpx.Client(base_url=server.url) as client:
        yield replayed, client
    replayed.sls.close()


def test_a_captured_upload_is_taken_preflight_and_all(session: tuple[Replay, httpx.Client]) -> None:
    replayed, client = session

    preflight = replayed.send(client, replayed.preflight)
    answer = replayed.send(client, replayed.post)

    assert (preflight.status_code, answer.status_code) == (200, 200)
    sent = json.loads(replayed.post["body"])
    stored = replayed.sls.store.query()[::-1]
    assert [{**log.fields, "__time__": log.time} for log in stored] == sent["__logs__"]
    assert {(log.topic, log.source) for log in stored} == {("my-topic", "my-source")}
    assert stored[0].tags == {"env": "dev", "ver": "1.0"}


def test_a_captured_upload_with_times_out_of_range_is_refused() -> None:
    replayed = replay("S15-time-fields")

    with Server(replayed.sls.app) as server, httpx.Client(base_url=server.url) as client:
        answer = replayed.send(client, replayed.post)

    assert refusal(answer) == (400, "PostBodyInvalid")
    assert replayed.sls.store.counts() == {}
    replayed.sls.close()


def test_a_captured_upload_is_refused_once_its_date_is_old(cloud: Cloud) -> None:
    replayed = replay("S02-sendImmediate")
    cloud.clock.fixed = replayed.post["ts"] + 1000

    answer = replayed.send(cloud.client, replayed.post)

    assert refusal(answer) == (400, "RequestTimeTooSkewed")
    replayed.sls.close()


def test_a_preflight_names_the_headers_it_allows(cloud: Cloud) -> None:
    asked = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": HEADERS_ASKED_FOR,
    }

    answer = cloud.client.options(f"/logstores/{LOGSTORE}", headers=asked)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == HEADERS_ASKED_FOR
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert cloud.sls.faults.seen == 0


def test_scripts_may_read_refusals_and_their_request_id(cloud: Cloud) -> None:
    answer = cloud.client.post(f"/logstores/{LOGSTORE}", content=group(), headers={"Origin": "null"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "x-log-requestid"
    assert refusal(answer)[0] == 400


def test_scripts_may_read_faults(cloud: Cloud) -> None:
    cloud.sls.faults.add(Fault.status(500, code="InternalServerError"), times=1)

    answer = cloud.send(cloud.signer(), group())

    assert answer.headers["access-control-allow-origin"] == "*"
    assert refusal(answer) == (500, "InternalServerError")
