"""SLS's signature V4 against the published vectors, and against the official SDK's for anything else."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from aliyun.log import auth, credentials
from hypothesis import given
from hypothesis import strategies as st

from shared.alibaba.signature_v4 import SLS, signed_headers
from shared.credentials import Credentials

# aliyun-log-go-sdk, `signature_v4_test.go`; aliyun-log-python-sdk, `tests/unit/test_auth.py`
CREDENTIALS = Credentials("acsddda21dsd", "zxasdasdasw2")
NOW = datetime(2022, 8, 8, 3, 23, 30, tzinfo=timezone.utc).timestamp()
HEADERS = {"hello": "world", "hello-Text": "a12X- ", " Ko ": "", "x-log-test": "het123", "x-acs-ppp": "dds"}
QUERY = {" abc": "efg", " agc ": "", "": "efg", "A-bc": "eFg"}
MORE = {"abs-ij*asd/vc": "a~js+d ada", "a abAas123/vc": "a~jdad a2ADFs+d ada"}
BODY = b"adasd= -asd zcas"
SDK: Any = auth  # it has no types
SDK_CREDENTIALS: Any = credentials


def _signature(headers: dict[str, str]) -> str:
    return headers["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body", "region", "signature"),
    [
        (
            "POST",
            "/logstores",
            QUERY,
            HEADERS,
            BODY,
            "cn-hangzhou",
            "a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed",
        ),
        (
            "POST",
            "/logstores",
            {},
            {},
            BODY,
            "cn-shanghai",
            "8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8",
        ),
        (
            "POST",
            "/logstores",
            QUERY,
            HEADERS,
            b"",
            "cn-hangzhou",
            "5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701",
        ),
        (
            "GET",
            "/logstores",
            QUERY,
            HEADERS,
            b"",
            "cn-hangzhou",
            "d92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a",
        ),
        (
            "POST",
            "/logstores/hello/a+*~bb/cc",
            {**QUERY, **MORE},
            HEADERS,
            BODY,
            "cn-hangzhou",
            "2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff",
        ),
    ],
    ids=["all", "no-query", "empty-body", "get", "encoding"],
)
def test_a_published_vector_is_met(
    method: str,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    region: str,
    signature: str,
) -> None:
    signed = signed_headers(
        SLS, method, path, query, headers, body, credentials=CREDENTIALS, region=region, now=NOW
    )
    assert _signature(signed) == signature
    scope = f"20220808/{region}/sls/aliyun_v4_request"
    assert (
        signed["Authorization"] == f"SLS4-HMAC-SHA256 Credential=acsddda21dsd/{scope},Signature={signature}"
    )
    assert signed["x-log-date"] == "20220808T032330Z"


ascii_values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
names = st.from_regex(r"(x-log-|x-acs-|)[a-z][a-z0-9-]{0,10}", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.from_regex(r"/[a-z0-9_-]{0,20}(/[a-z]{0,5}){0,3}", fullmatch=True),
    query=st.dictionaries(words, words, max_size=4),
    headers=st.dictionaries(names, ascii_values, max_size=5),
    body=st.binary(max_size=100),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,40}", fullmatch=True),
)
def test_any_request_is_signed_as_the_official_sdk_signs_it(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes, token: str | None
) -> None:
    ours_are = Credentials("LTAI5tId", "secret", token)
    ours = signed_headers(
        SLS, method, path, query, headers, body, credentials=ours_are, region="cn-hangzhou", now=NOW
    )
    theirs = dict(headers)
    provider = SDK_CREDENTIALS.StaticCredentialsProvider("LTAI5tId", "secret", token)
    signer = SDK.AuthV4(provider, "cn-hangzhou")
    # What its `sign_request` calls with the time of day.
    expected = signer._do_sign_request(method, path, query, theirs, body, "20220808T032330Z")
    assert ours["Authorization"] == expected
    assert ours.get("x-acs-security-token") == theirs.get("x-acs-security-token")


def test_headers_that_a_proxy_adds_are_not_signed() -> None:
    def sign(headers: dict[str, str]) -> str:
        signed = signed_headers(
            SLS, "POST", "/", {}, headers, b"", credentials=CREDENTIALS, region="r", now=NOW
        )
        return _signature(signed)

    assert sign({"host": "h", "accept": "a", "via": "b"}) == sign({"host": "h"})
    assert sign({"host": "h"}) != sign({"host": "i"})
    assert sign({"x-log-a": "1"}) != sign({"x-log-a": "2"})
