from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from local.fc import limits

from .triggers import Serve, Trigger, sample


@pytest.fixture
def trigger(serve: Serve) -> Trigger:
    return serve()


def refused(answer: httpx.Response, status: int, code: str) -> bool:
    told = answer.json()
    assert told["RequestId"] == answer.headers["x-fc-request-id"]
    return (answer.status_code, told["Code"], answer.headers["x-fc-error-type"]) == (
        status,
        code,
        "FCCommonError",
    )


def test_path_and_query_of_4_kb_pass_and_one_byte_more_does_not(trigger: Trigger) -> None:
    query = "a=" + "x" * (limits.PATH_LIMIT - len("/echo?a="))

    assert trigger.get(f"/echo?{query}").status_code == 200
    assert refused(trigger.get(f"/echo?{query}x"), 400, "InvalidArgument")


def test_headers_of_8_kb_pass_and_one_byte_more_do_not(trigger: Trigger) -> None:
    request = trigger.client.build_request("GET", "/echo", headers={"X-Long": ""})
    used = sum(len(name) + len(value) for name, value in request.headers.raw)
    request.headers["X-Long"] = "x" * (limits.HEADERS_LIMIT - used)

    assert trigger.client.send(request).status_code == 200
    request.headers["X-Long"] += "x"
    assert refused(trigger.client.send(request), 400, "InvalidArgument")


def test_a_body_over_32_mb_is_refused_before_any_code(trigger: Trigger) -> None:
    answer = trigger.post("/raise", content=bytes(limits.BODY_LIMIT + 1))

    assert refused(answer, 400, "InvalidArgument")
    assert trigger.host.pids("sample") == set()


def test_a_body_of_32_mb_reaches_the_function(serve: Serve) -> None:
    trigger = serve(sample(timeout=60))
    body = b'"' + b" " * (limits.BODY_LIMIT - 2) + b'"'

    answer = trigger.post("/result", content=body, timeout=60)

    assert (answer.status_code, len(answer.content)) == (200, limits.BODY_LIMIT - 2)


def test_a_client_that_goes_away_while_sending_starts_nothing(trigger: Trigger) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(trigger.url).port or 0)) as connection:
        connection.sendall(b"POST /raise HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")

    assert trigger.get("/echo").status_code == 200
    assert trigger.lines == []
    assert len(trigger.host.pids("sample")) == 1


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "POST", "TRACE", "ODD"])
def test_a_method_that_the_trigger_does_not_list_is_403(serve: Serve, method: str) -> None:
    trigger = serve(sample(methods=("GET", "OPTIONS")))

    answer = trigger.client.request(method, "/raise", headers={"Origin": "https://shop.example.com"})

    assert answer.status_code == 403
    assert method == "HEAD" or refused(answer, 403, "AccessDenied")
    assert "access-control-allow-origin" not in answer.headers
    assert trigger.host.pids("sample") == set()


def test_preflights_are_403_too_unless_options_is_listed(serve: Serve) -> None:
    closed, opened = serve(sample(methods=("GET",))), serve()

    assert closed.client.options("/echo").status_code == 403
    assert opened.client.options("/echo").status_code == 200
