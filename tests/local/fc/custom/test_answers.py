"""What of a custom runtime's answer reaches the client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.fc.answer import HEADERS_LIMIT
from tests.local.fc.triggers import Serve, Trigger, server


def answer(trigger: Trigger, origin: str | None = None, **wanted: Any) -> httpx.Response:
    return trigger.post("/answer", json=wanted, headers={"Origin": origin} if origin else {})


def test_status_headers_and_body_are_the_servers(trigger: Trigger) -> None:
    got = answer(trigger, status=413, headers=["X-Why: too much", "Vary: a", "vary: b"], body="é")

    assert (got.status_code, got.headers["x-why"], got.content) == (413, "too much", "é".encode())
    assert got.headers["vary"] == "a, b"


def test_headers_that_belong_to_the_platform_are_dropped(trigger: Trigger) -> None:
    got = answer(trigger, headers=["X-Fc-Mine: 1", "X-Kept: 1", "Keep-Alive: timeout=5"], body="four")

    assert (got.text, got.headers["content-length"], got.headers["x-kept"]) == ("four", "4", "1")
    assert "x-fc-mine" not in got.headers
    assert "server" not in got.headers
    assert got.headers["date"] != "now"
    assert [line for _, _, line in trigger.lines] == ["response header x-fc-mine may not be set: dropped"]


def test_response_headers_of_8_kb_pass_and_one_byte_more_are_502(trigger: Trigger) -> None:
    value = "x" * (HEADERS_LIMIT - len("X-Long"))

    assert answer(trigger, headers=[f"X-Long: {value}"]).headers["x-long"] == value
    got = answer(trigger, headers=[f"X-Long: {value}x"])
    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
            200,
            b"onetwo",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil it closes", 200, b"until it closes"),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok",
            201,
            b"ok",
        ),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", 204, b""),
    ],
)
def test_every_framing_of_an_answer_is_understood(
    trigger: Trigger, sent: bytes, status: int, body: bytes
) -> None:
    got = trigger.post("/raw", content=sent)

    assert (got.status_code, got.content) == (status, body)
    assert "link" not in got.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT"])
def test_other_methods_come_through_where_they_are_listed(serve: Serve, method: str) -> None:
    trigger = serve(server(methods=("GET", method)))

    answers = [trigger.client.request(method, "/echo") for _ in range(2)]

    assert [got.status_code for got in answers] == [200, 200]
    assert method == "HEAD" or answers[1].json()["method"] == method


@pytest.mark.parametrize("how", ["close", "garbage", "half"])
def test_an_invalid_result_is_502_and_the_instance_stays(trigger: Trigger, how: str) -> None:
    before = trigger.get("/starts").json()["pid"]

    got = trigger.get(f"/{how}")

    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")
    assert got.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert trigger.get("/starts").json()["pid"] == before


def test_a_status_that_a_function_cannot_give_is_502(trigger: Trigger) -> None:
    got = trigger.post("/raw", content=b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n")

    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")


def test_cors_fails_open_here_too(trigger: Trigger) -> None:
    opened = answer(trigger, "https://evil.example")
    own = answer(
        trigger, "https://evil.example", headers=["Access-Control-Allow-Origin: https://shop.example.com"]
    )

    assert opened.headers["access-control-allow-origin"] == "https://evil.example"
    assert opened.headers["access-control-allow-credentials"] == "true"
    assert own.headers.get_list("access-control-allow-origin") == ["https://shop.example.com"]
