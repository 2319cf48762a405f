"""The signatures against published figures and against what a real browser sent."""

from __future__ import annotations

import hashlib
import json

import pytest

from local.sls.signatures import (
    Claim,
    SignedRequest,
    parse_authorization,
    v1_signature,
    v4_canonical_request,
    v4_signature,
)

from .support import CAPTURES

# The figures are those of aliyun-log-go-sdk, `signature_v4_test.go`; the V4 ones are also in
# aliyun-log-python-sdk, `tests/unit/test_auth.py`.
BODY = b"adasd= -asd zcas"
PARAMS = {" abc": "efg", " agc ": "", "": "efg", "A-bc": "eFg"}
MORE_PARAMS = {**PARAMS, "abs-ij*asd/vc": "a~js+d ada", "a abAas123/vc": "a~jdad a2ADFs+d ada"}
HEADERS = {
    "hello": "world",
    "hello-text": "a12X- ",
    " ko ": "",
    "x-log-test": "het123",
    "x-acs-ppp": "dds",
}
PLAIN = SignedRequest("POST", "/logstores", PARAMS, HEADERS, BODY)
V4_VECTORS = {
    "a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed": PLAIN,
    "5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701": PLAIN._replace(body=b""),
    "d92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a": PLAIN._replace(
        body=b"", method="GET"
    ),
    "2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff": PLAIN._replace(
        path="/logstores/hello/a+*~bb/cc", params=MORE_PARAMS
    ),
}
PROTOBUF = (
    b'\n2\n\x1e\x08\xf8\xb2\x93\x9e\x05\x12\x16\n\x07TestKey\x12\x0bTestContent\x1a\x00"\x0e10.230.201.117'
)


def v4(request: SignedRequest, region: str) -> str:
    content = hashlib.sha256(request.body).hexdigest()
    dated = {**request.headers, "x-log-date": "20220808T032330Z", "x-log-content-sha256": content}
    return v4_signature("zxasdasdasw2", region, request._replace(headers=dated))


@pytest.mark.parametrize("signature", V4_VECTORS)
def test_v4_gives_the_published_signatures(signature: str) -> None:
    assert v4(V4_VECTORS[signature], "cn-hangzhou") == signature


def test_v4_gives_the_published_signature_of_another_region() -> None:
    bare = SignedRequest("POST", "/logstores", {}, {}, BODY)

    assert v4(bare, "cn-shanghai") == "8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8"


def test_v4_encodes_values_as_published() -> None:
    headers = {"x-log-date": "20220808T032330Z", "x-log-content-sha256": ""}
    params = {"k": "!@#$%^&*()=-+ ~./_[()]%20你好\0đ❤😓"}

    canonical = v4_canonical_request(SignedRequest("GET", "/", params, headers, b""))

    assert canonical.split("\n")[2] == (
        "k=%21%40%23%24%25%5E%26%2A%28%29%3D-%2B%20~.%2F_%5B%28%29%5D%2520"
        "%E4%BD%A0%E5%A5%BD%00%C4%91%E2%9D%A4%F0%9F%98%93"
    )


def test_v1_gives_the_published_signatures() -> None:
    headers = {
        "x-log-apiversion": "0.6.0",
        "x-log-signaturemethod": "hmac-sha1",
        "x-log-bodyrawsize": "0",
        "date": "Mon, 3 Jan 2010 08:33:47 GMT",
    }
    with_body = {
        **headers,
        "x-log-bodyrawsize": "50",
        "content-md5": hashlib.md5(PROTOBUF, usedforsecurity=False).hexdigest().upper(),
        "content-type": "application/x-protobuf",
    }
    listing = SignedRequest("GET", "/logstores", {}, headers, b"")
    writing = SignedRequest("GET", "/logstores/app_log", {}, with_body, PROTOBUF)

    assert v1_signature("mockAccessKeySecret", listing) == "Rwm6cTKzoti4HWoe+GKcb6Kv07E="
    assert v1_signature("mockAccessKeySecret", writing) == "87xQWqFaOSewqRIma8kPjGYlXHc="


@pytest.mark.parametrize("name", ["S02-sendImmediate", "S04-sendBatchLogsImmediate", "S15-time-fields"])
@pytest.mark.parametrize("prefix", ["", "/behind/a/prefix"])
def test_v1_gives_what_the_browser_plugin_sent_whatever_the_prefix_of_the_path(
    name: str, prefix: str
) -> None:
    capture = json.loads((CAPTURES / f"{name}.json").read_text())
    (post,) = [request for request in capture["requests"] if request["method"] == "POST"]
    headers = {header.lower(): value for header, value in post["headers"]}
    claim = parse_authorization(headers["authorization"])
    request = SignedRequest("POST", prefix + post["path"], {}, headers, post["body"].encode())

    assert claim == Claim("STS.FAKEID", v1_signature("fakesecret", request))


def test_v1_sorts_the_parameters() -> None:
    headers = {"x-log-signaturemethod": "hmac-sha1", "date": "Mon, 3 Jan 2010 08:33:47 GMT"}
    one, other = (
        SignedRequest("GET", "/logstores/a", params, headers, b"")
        for params in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    )

    assert v1_signature("secret", one) == v1_signature("secret", other)


def test_an_authorization_of_v4_names_key_day_and_region() -> None:
    value = "SLS4-HMAC-SHA256 Credential=id/20260101/cn-shanghai/sls/aliyun_v4_request,Signature=abc"

    assert parse_authorization(value) == Claim("id", "abc", "20260101", "cn-shanghai")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "LOG",
        "LOG key",
        "Bearer key:signature",
        "SLS4-HMAC-SHA256 ",
        "SLS4-HMAC-SHA256 Credential=id/20260101/cn-shanghai/sls/aliyun_v4_request",
        "SLS4-HMAC-SHA256 Credential=id/20260101/sls/aliyun_v4_request,Signature=abc",
        "SLS4-HMAC-SHA256 Credential=id/20260101/cn-shanghai/oss/aliyun_v4_request,Signature=abc",
    ],
)
def test_other_authorizations_are_not_understood(value: str) -> None:
    assert parse_authorization(value) is None
