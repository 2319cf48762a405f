"""The same attacks through Function Compute's trigger, in a built-in runtime and in the custom one."""

from __future__ import annotations

import gzip
import ipaddress
import json
from collections.abc import Iterator

import httpx
import pytest

from local.stack import FREE_PORTS, Stack

PATH = "/logstores/web-tracking-logstore/track"
HOSTILE = {
    "a million nested objects": '{"__logs__":[{"a":[' + ",".join(["{}"] * 1_000_000) + "]}]}",
    "a log of 260,000 fields": '{"__logs__":[{' + ",".join(f'"{at:x}":0' for at in range(260_000)) + "}]}",
    "an unknown member of a million arrays": '{"x":[' + ",".join(["[]"] * 1_000_000) + '],"__logs__":[]}',
    "100,000 open brackets": '{"__logs__":[{"a":' + "[" * 100_000,
    "4,096 tags": json.dumps({"__logs__": [{}], "__tags__": {str(at): "" for at in range(4096)}}),
    "300,000 fields in 4,096 logs": '{"__logs__":['
    + ",".join(["{" + ",".join(f'"{at:x}":""' for at in range(74)) + "}"] * 4096)
    + "]}",
}


@pytest.fixture(scope="module", params=["builtin", "custom"])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with Stack(ports=FREE_PORTS, environ={"FUNCTION_RUNTIME": request.param}) as stack:
        yield stack


def post(stack: Stack, body: bytes | str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(stack.functions_url + PATH, content=body, headers=named, timeout=60)


@pytest.mark.parametrize("name", HOSTILE)
def test_an_expensive_body_is_refused_and_the_next_visitor_served(name: str, stack: Stack) -> None:
    refused = post(stack, gzip.compress(HOSTILE[name].encode(), 1), Content_Encoding="gzip")
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "PostBodyInvalid")
    assert refused.headers["access-control-allow-origin"] == "*"
    assert post(stack, '{"__logs__":[{"a":"1"}]}').status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/initialize"), ("GET", "/pre-stop")])
def test_lifecycle_calls_are_the_platforms(method: str, path: str, stack: Stack) -> None:
    answer = httpx.request(method, stack.functions_url + path, timeout=60)
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NotFound")


def test_forged_sender_data_is_replaced_by_the_proxys_own(stack: Stack) -> None:
    body = {
        "__logs__": [
            {"marker": "forged", "__source__": "x", "__tag__:Client_IP": "9.9.9.9", "__pack_id__": "1"}
        ],
        "__tags__": {
            "Client_IP": "9.9.9.9",
            "client_ip ": "9.9.9.9",
            "batch_id": "mine",
            "__hostname__": "h",
        },
    }
    assert post(stack, json.dumps(body), X_Forwarded_For="<script>alert(1)</script>").status_code == 200
    (log,) = stack.sls.store.query(contains="forged")
    assert dict(log.fields) == {"marker": "forged"}
    assert set(log.tags) == {"client_ip", "user_agent", "batch_id"}
    assert ipaddress.ip_address(log.tags["client_ip"]).is_loopback
    assert log.tags["batch_id"] != "m"
