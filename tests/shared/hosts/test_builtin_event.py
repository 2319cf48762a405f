"""FC's event in, FC's answer out."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials import Credentials
from shared.hosts.builtin import NotHttp, read_event, to_fc
from shared.http.request import Request
from shared.http.response import Response
from tests.support.fc import context, event

# The documentation's own example, with a real instant and address in place of its asterisks.
GOLDEN = b"""{"version":"v1","rawPath":"/example%20a","body":"Hello FC!","isBase64Encoded":false,
 "headers":{"Header1":"value1","Header2":"value1,value2"},
 "queryParameters":{"parameter1":"value1","parameter2":"value1,value2"},
 "requestContext":{"accountId":"123456789",
  "domainName":"track-abc.cn-hangzhou.fcapp.run","domainPrefix":"track-abc",
  "http":{"method":"GET","path":"/example a","protocol":"HTTP/1.1","sourceIp":"11.11.11.1",
   "userAgent":"PostmanRuntime/7.32.3"},
  "requestId":"1-64f6cd87","time":"2023-09-05T06:41:11Z","timeEpoch":"1693896071895"}}"""


def read(raw: bytes | str, request_id: str = "1-context") -> Request:
    return read_event(raw, context(), request_id)


def minimal(**more: Any) -> bytes:
    return json.dumps({"requestContext": {"http": {"method": "GET"}}, **more}).encode()


def test_the_documentations_event_is_read_whole() -> None:
    own = SimpleNamespace(access_key_id="id", access_key_secret="secret", security_token="")
    request = read_event(GOLDEN, context(credentials=own), "1-context")
    assert request.deadline.remaining() == pytest.approx(9, abs=1)
    assert request == Request(
        method="GET",
        path="/example%20a",
        query={"parameter1": "value1", "parameter2": "value1,value2"},
        headers={"header1": "value1", "header2": "value1,value2"},
        body=b"Hello FC!",
        size=9,
        source_ip="11.11.11.1",
        id="1-context",
        deadline=request.deadline,
        credentials=Credentials("id", "secret"),
    )


def test_an_event_of_text_is_read_as_one_of_bytes_is() -> None:
    text, raw = read(GOLDEN.decode()), read(GOLDEN)
    text.deadline = raw.deadline
    assert text == raw


def test_where_the_context_has_no_request_id_the_events_serves() -> None:
    assert read(GOLDEN, request_id="").id == "1-64f6cd87"


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_header_names_are_lowered_and_values_left(name: str) -> None:
    assert read(event("GET", "/", headers={name: "Text/Plain"})).headers == {"content-type": "Text/Plain"}


def test_extra_keys_are_passed_over_wherever_they_are() -> None:
    http = {"method": "GET", "x": [1, {"y": None}]}
    request = read(json.dumps({"x": 1, "requestContext": {"http": http, "authorizer": {}}}).encode())
    assert request.method == "GET"


def test_optional_keys_may_be_missing() -> None:
    request = read(minimal(), request_id="")
    assert (request.path, request.query, request.headers, request.body) == ("", {}, {}, b"")
    assert (request.source_ip, request.id) == ("", "")


def test_optional_keys_may_be_null() -> None:
    request = read(minimal(headers=None, queryParameters=None, body=None, isBase64Encoded=True))
    assert (request.query, request.headers, request.body) == ({}, {}, b"")


def test_without_a_raw_path_the_decoded_one_serves() -> None:
    context = {"http": {"method": "GET", "path": "/healthz"}}
    assert read(json.dumps({"requestContext": context}).encode()).path == "/healthz"


@pytest.mark.parametrize("body", [b"", b"\0\xff\xfe", "é😀".encode(), bytes(range(256)) * 20])
def test_a_body_in_base64_is_decoded(body: bytes) -> None:
    assert read(event("POST", "/", body)).body == body


def test_a_body_that_only_looks_like_base64_is_left() -> None:
    assert read(minimal(body="aGk=", isBase64Encoded=False)).body == b"aGk="


@pytest.mark.parametrize("broken", ["a", "aGk", "aG=k=", "é"])
def test_a_body_that_is_not_the_base64_it_should_be_does_no_harm(broken: str) -> None:
    assert len(read(minimal(body=broken, isBase64Encoded=True)).body) <= 3


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    raw = minimal(
        body="a\ud800b\ud83d\ude00", headers={"User-Agent": "\udc00"}, queryParameters={"\ud800": "\ud801"}
    )
    request = read(raw)
    assert request.body.decode() == "a\ufffdb😀"
    assert request.headers == {"user-agent": "\ufffd"}
    assert request.query == {"\ufffd": "\ufffd"}


NOT_HTTP = {
    "a timer's": b'{"triggerTime":"2026-11-23T06:41:11Z","triggerName":"t","payload":""}',
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a word": b"hello",
    "cut off": GOLDEN[:-1],
    "two": GOLDEN + GOLDEN,
    "not UTF-8": b'{"requestContext":{"http":{"method":"\xff"}}}',
    "no context": b'{"rawPath":"/"}',
    "no http": b'{"requestContext":{}}',
    "no method": b'{"requestContext":{"http":{}}}',
    "method of a number": b'{"requestContext":{"http":{"method":1}}}',
    "headers in a list": minimal(headers=[]),
    "a header of two values": minimal(headers={"a": ["b", "c"]}),
    "body of an object": minimal(body={}),
    "nested": b"[" * 100_000,
    "nested in a key passed over": b'{"x":' + b"[" * 100_000,
}


@pytest.mark.parametrize("raw", NOT_HTTP.values(), ids=NOT_HTTP.keys())
def test_an_event_of_another_trigger_is_refused(raw: bytes) -> None:
    with pytest.raises(NotHttp, match="not an HTTP trigger's"):
        read(raw)


def test_a_refusal_does_not_quote_the_event() -> None:
    with pytest.raises(NotHttp) as caught:
        read(b'{"SECRET":"SECRET", SECRET')
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_event_is_read_or_refused_with_not_http(raw: bytes | str) -> None:
    try:
        request = read(raw)
    except NotHttp:
        return
    assert isinstance(request.body, bytes)


def test_a_requests_repr_shows_neither_body_nor_headers_nor_credentials() -> None:
    request = read(event("POST", "/a", "SECRET", query={"k": "SECRET"}, headers={"a": "SECRET"}))
    assert repr(request) == str(request) == "Request(POST /a)"


def test_an_answer_of_text_is_handed_over_as_text() -> None:
    assert to_fc(Response(200, {"a": "b"}, "é".encode())) == {
        "statusCode": 200,
        "headers": {"a": "b"},
        "isBase64Encoded": False,
        "body": "é",
    }


def test_an_empty_answer_has_all_four_keys_too() -> None:
    assert to_fc(Response(404)) == {"statusCode": 404, "headers": {}, "isBase64Encoded": False, "body": ""}


def test_an_answer_that_is_not_text_goes_in_base64() -> None:
    answer = to_fc(Response(200, {}, b"GIF89a\xff\x00"))
    assert (answer["isBase64Encoded"], base64.b64decode(answer["body"])) == (True, b"GIF89a\xff\x00")


texts = st.text(max_size=20)


@given(st.integers(200, 599), st.dictionaries(texts, texts), st.binary(max_size=100) | texts.map(str.encode))
def test_any_answer_survives_fcs_json(status: int, headers: dict[str, str], body: bytes) -> None:
    answer = json.loads(json.dumps(to_fc(Response(status, headers, body))))
    assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
    assert (answer["statusCode"], answer["headers"]) == (status, headers)
    received = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    assert received == body


@given(texts, st.dictionaries(texts, texts), st.dictionaries(texts, texts), texts | st.binary(max_size=100))
def test_any_request_survives_fcs_event(
    path: str, query: dict[str, str], headers: dict[str, str], body: str | bytes
) -> None:
    request = read(event("POST", path, body, query=query, headers=headers))
    assert (request.path, request.query) == (path, query)
    assert request.headers == {name.lower(): value for name, value in headers.items()}
    assert request.body == (body if isinstance(body, bytes) else body.encode())
