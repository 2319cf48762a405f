from __future__ import annotations

import base64
from typing import Any

import pytest

from local.fc import answer
from local.fc.answer import HEADERS_LIMIT

from .triggers import Serve, Trigger

GOOD: dict[str, Any] = {"statusCode": 200, "headers": {}, "isBase64Encoded": False, "body": ""}


@pytest.fixture
def trigger(serve: Serve) -> Trigger:
    return serve()


def test_status_headers_and_body_are_the_functions(trigger: Trigger) -> None:
    result = {
        **GOOD,
        "statusCode": 413,
        "headers": {"X-Why": " too much ", "Content-Type": "a/b"},
        "body": "é",
    }

    got = trigger.post("/result", json=result)

    assert (got.status_code, got.headers["x-why"], got.headers["content-type"]) == (413, "too much", "a/b")
    assert got.content == "é".encode()


def test_a_base64_body_is_decoded(trigger: Trigger) -> None:
    result = {**GOOD, "isBase64Encoded": True, "body": base64.b64encode(b"GIF89a\x00\xff").decode()}

    assert trigger.post("/result", json=result).content == b"GIF89a\x00\xff"


def test_204_goes_without_a_body(trigger: Trigger) -> None:
    got = trigger.post("/result", json={**GOOD, "statusCode": 204, "body": "unseen"})

    assert (got.status_code, got.content, got.headers.get("content-length")) == (204, b"", None)


@pytest.mark.parametrize(
    "change",
    [
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 600},
        {"headers": ["a"]},
        {"headers": {"X-Count": 1}},
        {"headers": {"X-Two\r\nX-More": "1"}},
        {"headers": {"X-Split": "1\r\nSet-Cookie: a=b"}},
        {"body": {"not": "text"}},
        {"body": None},
        {"isBase64Encoded": "false"},
        {"isBase64Encoded": True, "body": "*not base64*"},
    ],
)
def test_a_malformed_answer_is_502_bad_response(trigger: Trigger, change: dict[str, Any]) -> None:
    got = trigger.post("/result", json={**GOOD, **change})

    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")
    assert got.headers["x-fc-error-type"] == "UnhandledInvocationError"


def test_response_headers_of_8_kb_pass_and_one_byte_more_are_502(trigger: Trigger) -> None:
    value = "x" * (HEADERS_LIMIT - len("X-Long"))

    assert trigger.post("/result", json={**GOOD, "headers": {"X-Long": value}}).headers["x-long"] == value
    got = trigger.post("/result", json={**GOOD, "headers": {"X-Long": value + "x"}})
    assert (got.status_code, got.json()["Code"]) == (502, "BadResponse")


def test_headers_that_belong_to_the_platform_are_dropped_with_a_line_in_the_log(trigger: Trigger) -> None:
    headers = {"X-Fc-Mine": "1", "Server": "mine", "Date": "never", "Content-Length": "77", "X-Kept": "1"}

    got = trigger.post("/result", json={**GOOD, "headers": headers, "body": "four"})

    assert (got.text, got.headers["content-length"], got.headers["x-kept"]) == ("four", "4", "1")
    assert "x-fc-mine" not in got.headers
    assert "server" not in got.headers
    assert got.headers["date"] != "never"
    said = [line for _, _, line in trigger.lines]
    assert "response header X-Fc-Mine may not be set: dropped" in said
    assert len(said) == 4


def test_a_result_without_a_status_is_the_body_of_a_200(trigger: Trigger) -> None:
    got = trigger.post("/result", json={"some": "thing"})

    assert (got.status_code, got.json(), got.headers["content-type"]) == (
        200,
        {"some": "thing"},
        "application/json",
    )
    assert trigger.get("/text").text == "just text"


def test_an_origin_is_echoed_where_the_function_names_none() -> None:
    opened = answer.with_open_cors({"Vary": "Origin"}, "https://evil.example")

    assert opened == {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": "https://evil.example",
        "Access-Control-Allow-Credentials": "true",
    }


def test_cors_fails_open_for_a_page_but_not_over_the_functions_own_header(trigger: Trigger) -> None:
    asked = {"Origin": "https://evil.example"}

    open_answer, own, without = (
        trigger.get("/echo", headers=asked),
        trigger.get("/cors", headers=asked),
        trigger.get("/echo"),
    )

    assert open_answer.headers["access-control-allow-origin"] == "https://evil.example"
    assert open_answer.headers["access-control-allow-credentials"] == "true"
    assert own.headers.get_list("access-control-allow-origin") == ["https://shop.example.com"]
    assert "access-control-allow-credentials" not in own.headers
    assert "access-control-allow-origin" not in without.headers


def test_an_unhandled_exception_is_shown_with_its_stack_to_any_origin(trigger: Trigger) -> None:
    got = trigger.get("/raise", headers={"Origin": "https://evil.example"})

    told = got.json()
    assert (got.status_code, got.headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    assert (told["errorMessage"], told["errorType"]) == ("the drawer is empty", "LookupError")
    assert [entry[2] for entry in told["stackTrace"]] == ["in handler", "in do_raise"]
    assert got.headers["access-control-allow-origin"] == "https://evil.example"


def test_a_result_that_json_cannot_express_is_an_unhandled_exception(trigger: Trigger) -> None:
    got = trigger.get("/set")

    assert (got.status_code, got.json()["errorType"]) == (502, "TypeError")
