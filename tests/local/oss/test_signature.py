"""The signature against published figures."""

from __future__ import annotations

import pytest

from local.oss.call import read_call
from local.oss.signature import Claim, parse_authorization, sign, string_to_sign

# The figures are those of alibabacloud-oss-python-sdk-v2, `tests/unit/signer/test_v4.py`.
TARGET = "/1234%2B-/123/1.txt?param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2=&%7Cparam2=&param2="
HEADERS = {
    "host": "bucket.oss-cn-hangzhou.aliyuncs.com",
    "x-oss-head1": "value",
    "abc": "value",
    "zabc": "value",
    "xyz": "value",
    "content-type": "text/plain",
    "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
}
SCOPE = "cn-hangzhou/oss/aliyun_v4_request"
PUBLISHED = [
    (
        {"x-oss-date": "20231216T162057Z"},
        f"OSS4-HMAC-SHA256 Credential=ak/20231216/{SCOPE},"
        "Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe",
    ),
    (
        {"x-oss-date": "20231217T034736Z", "x-oss-security-token": "token"},
        f"OSS4-HMAC-SHA256 Credential=ak/20231217/{SCOPE},"
        "Signature=b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea",
    ),
    (
        {"x-oss-date": "20231216T172512Z"},
        f"OSS4-HMAC-SHA256 Credential=ak/20231216/{SCOPE},AdditionalHeaders=abc;zabc,"
        "Signature=4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f",
    ),
]


@pytest.mark.parametrize(("more", "authorization"), PUBLISHED)
def test_gives_the_published_signatures(more: dict[str, str], authorization: str) -> None:
    call = read_call("PUT", TARGET, {**HEADERS, **more}, b"")
    claim = parse_authorization(authorization)

    assert claim is not None
    assert sign("sk", claim, string_to_sign(call, claim)) == claim.signature


def test_an_authorization_names_key_day_region_product_and_headers() -> None:
    signature = "0" * 64
    value = (
        "OSS4-HMAC-SHA256 Credential=id/20260101/cn-shanghai/oss/aliyun_v4_request,"
        f"AdditionalHeaders=a;host,Signature={signature}"
    )

    assert parse_authorization(value) == Claim(
        "id", "20260101", "cn-shanghai", "oss", ("a", "host"), signature
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "OSS key:signature",
        "OSS4-HMAC-SHA256 ",
        f"OSS4-HMAC-SHA256 Signature={'0' * 64}",
        f"OSS4-HMAC-SHA256 Credential=id/20260101/{SCOPE}",
        f"OSS4-HMAC-SHA256 Credential=id/20260101/{SCOPE},Signature={'0' * 63}",
        f"OSS4-HMAC-SHA256 Credential=id/2026/{SCOPE},Signature={'0' * 64}",
        f"OSS4-HMAC-SHA256 Credential=id/20260101/cn-shanghai/oss/abc,Signature={'0' * 64}",
        f"AWS4-HMAC-SHA256 Credential=id/20260101/{SCOPE},Signature={'0' * 64}",
    ],
)
def test_other_authorizations_are_not_understood(value: str) -> None:
    assert parse_authorization(value) is None
