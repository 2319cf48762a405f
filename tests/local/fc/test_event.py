from __future__ import annotations

import base64
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.fc import event

from .triggers import Serve, Trigger, sample


@pytest.fixture
def trigger(serve: Serve) -> Trigger:
    return serve()


def raw(trigger: Trigger, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(trigger.url).port or 0)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_an_event_has_the_documented_keys_and_no_raw_query(trigger: Trigger) -> None:
    got = trigger.get("/a/echo?x=1&y=2", headers={"User-Agent": "probe/1"}).json()

    context = got.pop("requestContext")
    assert set(got) == {"version", "rawPath", "body", "isBase64Encoded", "headers", "queryParameters"}
    assert (got["version"], got["rawPath"], got["body"], got["isBase64Encoded"]) == (
        "v1",
        "/a/echo",
        "",
        False,
    )
    assert got["queryParameters"] == {"x": "1", "y": "2"}
    http = context["http"]
    assert http == {
        "method": "GET",
        "path": "/a/echo",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "probe/1",
    }
    assert context["domainName"] == f"{context['domainPrefix']}.cn-hangzhou.fcapp.run"
    assert context["triggerId"] == context["domainPrefix"]
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}", context["requestId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", context["time"])
    assert re.fullmatch(r"\d{13}", context["timeEpoch"])


def test_the_address_is_the_connections_whatever_the_client_says(trigger: Trigger) -> None:
    got = trigger.get("/echo", headers={"X-Forwarded-For": "8.8.8.8"}).json()

    assert got["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert got["headers"]["X-Forwarded-For"] == "8.8.8.8"


def test_time_is_given_to_the_second_and_to_the_millisecond() -> None:
    scope: dict[str, Any] = {
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
    }

    made = event.build(scope, b"", sample(), request_id="1-a-b-c", now=1693896071.895)

    assert b'"time": "2023-09-05T06:41:11Z", "timeEpoch": "1693896071895"' in made


def test_the_raw_path_stays_encoded_and_the_other_is_decoded(trigger: Trigger) -> None:
    got = trigger.get("/a%2Fb//%E4%BD%A0/..%2f/echo").json()

    assert got["rawPath"] == "/a%2Fb//%E4%BD%A0/..%2f/echo"
    assert got["requestContext"]["http"]["path"] == "/a/b//你/..//echo"


def test_repeated_headers_and_keys_are_joined_with_commas(trigger: Trigger) -> None:
    headers = [("x-log-apiversion", "0.6.0"), ("x-many", "1"), ("X-MANY", "2, 3")]

    got = trigger.get("/echo?k=b+c&k=%26&K=d&empty=&bare", headers=headers).json()

    assert got["headers"]["X-Many"] == "1,2, 3"
    assert got["headers"]["X-Log-Apiversion"] == "0.6.0"
    assert got["queryParameters"] == {"k": "b c,&", "K": "d", "empty": "", "bare": ""}


def test_headers_that_belong_to_the_platform_do_not_reach_the_function(trigger: Trigger) -> None:
    got = trigger.get("/echo", headers={"X-Fc-Request-Id": "forged", "Keep-Alive": "5"}).json()

    assert not {"X-Fc-Request-Id", "Keep-Alive", "Connection", "Host"} & set(got["headers"])


@pytest.mark.parametrize(
    ("content_type", "body", "is_binary"),
    [
        ("application/json", b'{"a":"\xe4\xbd\xa0"}', False),
        ("text/plain;charset=UTF-8", b"hello", False),
        ("application/x-www-form-urlencoded", b"a=b", False),
        ("application/problem+JSON", b"{}", False),
        (None, b"hello", False),
        ("application/json", b"\xff\xfe", True),
        ("application/octet-stream", b"hello", True),
        ("image/png", b"", True),
    ],
)
def test_binary_bodies_travel_as_base64(
    trigger: Trigger, content_type: str | None, body: bytes, is_binary: bool
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    got = trigger.post("/echo", content=body, headers=headers).json()

    assert got["isBase64Encoded"] is is_binary
    assert (base64.b64decode(got["body"]) if is_binary else got["body"].encode()) == body


def test_bytes_that_are_not_utf_8_in_header_and_query_are_replaced(trigger: Trigger) -> None:
    request = b"GET /result?q=%ff HTTP/1.1\r\nHost: x\r\nX-Odd: caf\xe9\r\nConnection: close\r\n\r\n"

    answer = raw(trigger, request.replace(b"/result", b"/echo"))

    assert b'\\"X-Odd\\": \\"caf\\ufffd' in answer.replace(b'"', b'\\"')
    assert b"\\ufffd" in answer.split(b"queryParameters")[1]


def test_request_ids_differ_and_are_shown_to_the_caller(trigger: Trigger) -> None:
    answers = [trigger.get("/echo") for _ in range(2)]

    ids = [answer.json()["requestContext"]["requestId"] for answer in answers]
    assert ids == [answer.headers["x-fc-request-id"] for answer in answers]
    assert ids[0] != ids[1]
