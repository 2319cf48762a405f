"""What of a request reaches a custom runtime's server, and what the trigger refuses by itself."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from local.fc import limits
from tests.local.fc.triggers import Trigger


def raw(trigger: Trigger, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(trigger.url).port or 0)) as connection:
        connection.sendall(head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_path_and_query_reach_the_server_as_they_came(trigger: Trigger) -> None:
    answered = raw(trigger, b"GET /a%2Fb//%E4%BD%A0/..%2f/echo?x=1&y=%26+%zz&x=2& HTTP/1.1")

    assert b'"target": "/a%2Fb//%E4%BD%A0/..%2f/echo?x=1&y=%26+%zz&x=2&"' in answered
    assert b'"method": "GET"' in answered


def test_the_platforms_headers_are_added_and_those_of_a_client_dropped(trigger: Trigger) -> None:
    forged = {"X-Fc-Request-Id": "forged", "x-fc-security-token": "forged", "X-FC-Other": "forged"}

    got = trigger.post("/echo", content=b"\x00body\xff", headers={**forged, "Keep-Alive": "5", "X-Own": "1"})

    seen = got.json()
    headers = dict(seen["headers"])
    assert len(headers) == len(seen["headers"])
    assert seen["body"].encode("latin-1") == b"\x00body\xff"
    assert {name: value for name, value in headers.items() if name.startswith("x-fc-")} == {
        "x-fc-control-path": "/http-invoke",
        "x-fc-request-id": got.headers["x-fc-request-id"],
        "x-fc-access-key-id": "STS.id",
        "x-fc-access-key-secret": "secret",
        "x-fc-security-token": "token",
        "x-fc-region": "cn-hangzhou",
        "x-fc-account-id": "1234567890123456",
        "x-fc-function-name": "server",
        "x-fc-function-handler": "ignored",
        "x-fc-function-memory": "512",
    }
    assert headers["host"].endswith(".cn-hangzhou.fcapp.run")
    assert (headers["x-own"], headers["content-length"]) == ("1", "6")
    assert not {"connection", "keep-alive"} & set(headers)


def test_repeated_headers_are_joined_and_their_bytes_kept(trigger: Trigger) -> None:
    answered = raw(trigger, b"GET /echo HTTP/1.1\r\nX-Many: 1\r\nx-many: 2, 3\r\nX-Odd: caf\xe9")

    assert b'["x-many", "1,2, 3"]' in answered
    assert b'["x-odd", "caf\\u00e9"]' in answered


def test_the_clients_address_comes_behind_what_the_client_says_of_it(trigger: Trigger) -> None:
    plain = dict(trigger.get("/echo").json()["headers"])
    forged = dict(trigger.get("/echo", headers={"X-Forwarded-For": "8.8.8.8"}).json()["headers"])

    assert (plain["x-forwarded-for"], forged["x-forwarded-for"]) == ("127.0.0.1", "8.8.8.8,127.0.0.1")


def test_a_body_sent_in_chunks_arrives_with_its_length(trigger: Trigger) -> None:
    seen = trigger.post("/echo", content=iter([b"one", b"two"])).json()

    headers = dict(seen["headers"])
    assert (seen["body"], headers["content-length"], "transfer-encoding" in headers) == ("onetwo", "6", False)


def test_a_post_without_a_body_has_a_length_and_a_get_has_none(trigger: Trigger) -> None:
    assert dict(trigger.post("/echo").json()["headers"])["content-length"] == "0"
    assert "content-length" not in dict(trigger.get("/echo").json()["headers"])


def test_the_environment_has_the_port_and_no_credentials(trigger: Trigger) -> None:
    seen = trigger.get("/environment").json()

    assert seen["FC_FUNCTION_NAME"] == "server"
    assert seen["FC_SERVER_PORT"].isdigit()
    assert not {"PYTHONPATH", "ALIBABA_CLOUD_ACCESS_KEY_ID", "VIRTUAL_ENV", "USER"} & set(seen)


def test_the_triggers_limits_hold_before_the_server_starts(trigger: Trigger) -> None:
    refused = [
        trigger.get("/echo?" + "x" * limits.PATH_LIMIT),
        trigger.get("/echo", headers={"X-Long": "x" * limits.HEADERS_LIMIT}),
        trigger.post("/echo", content=bytes(limits.BODY_LIMIT + 1)),
        trigger.client.put("/echo"),
    ]

    assert [(got.status_code, got.json()["Code"]) for got in refused] == [
        *[(400, "InvalidArgument")] * 3,
        (403, "AccessDenied"),
    ]
    assert trigger.host.pids("server") == set()


def test_a_body_of_32_mb_reaches_the_server_and_comes_back(trigger: Trigger) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    size = limits.BODY_LIMIT - len(head % limits.BODY_LIMIT)

    got = trigger.post("/raw", content=head % size + bytes(size), timeout=60)

    assert (got.status_code, len(got.content)) == (200, size)
