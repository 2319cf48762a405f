"""Raw requests: addresses, names, limits and malformed requests."""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree

import pytest

from .support import BUCKET, KEY, LARGEST, Cloud, refusal

HOST = f"{BUCKET}.oss-cn-hangzhou.aliyuncs.com"


def test_a_bucket_is_named_by_the_host(cloud: Cloud) -> None:
    signed = cloud.signed("PUT", "a/b", "/a/b", {})

    for host in (HOST, f"{BUCKET}.oss-cn-hangzhou-internal.aliyuncs.com:443"):
        answer = cloud.http.put("/a/b", content=b"x", headers={**signed, "host": host})
        assert answer.status_code == 200
    assert list(cloud.oss.objects(BUCKET)) == ["a/b"]


def test_operations_on_a_bucket_also_work_with_the_bucket_in_the_host(cloud: Cloud) -> None:
    signed = cloud.signed("GET", "", "/?list-type=2", {})

    answer = cloud.http.get("/?list-type=2", headers={**signed, "host": HOST})

    assert answer.status_code == 200


def test_an_endpoint_without_a_bucket_accepts_no_path(cloud: Cloud) -> None:
    signed = cloud.signed("GET", "a", f"/{BUCKET}/a", {})

    answer = cloud.http.get(f"/{BUCKET}/a", headers={**signed, "host": "oss-cn-hangzhou.aliyuncs.com"})

    assert refusal(answer) == (403, "SecondLevelDomainForbidden")


def test_every_answer_has_a_different_request_id(cloud: Cloud) -> None:
    ids = {cloud.send("PUT", KEY, b"x").headers["x-oss-request-id"] for _ in range(3)}

    assert len(ids) == 3
    assert all(len(identifier) == 24 for identifier in ids)


def test_a_refused_head_says_why_in_a_header(cloud: Cloud) -> None:
    answer = cloud.send("HEAD", KEY)

    tree = ElementTree.fromstring(base64.b64decode(answer.headers["x-oss-err"]))  # noqa: S314
    assert (answer.status_code, answer.content, tree.findtext("Code")) == (404, b"", "NoSuchKey")


def test_a_key_may_have_1023_bytes(cloud: Cloud) -> None:
    key = "ü" * 511 + "x"

    assert cloud.send("PUT", key, b"x").status_code == 200
    assert refusal(cloud.send("PUT", key + "x", b"x")) == (400, "InvalidObjectName")
    assert list(cloud.oss.objects(BUCKET)) == [key]


@pytest.mark.parametrize("key", ["/a", "\\a"])
def test_a_key_does_not_begin_with_a_slash(cloud: Cloud, key: str) -> None:
    assert refusal(cloud.send("PUT", key, b"x")) == (400, "InvalidObjectName")


def test_a_key_is_utf_8(cloud: Cloud) -> None:
    assert refusal(cloud.http.get(f"/{BUCKET}/%ff")) == (400, "InvalidObjectName")


@pytest.mark.parametrize("name", ["ab", "a" * 64, "-ab", "ab-", "A-b", "a_b"])
def test_a_bucket_has_a_name_by_the_rules(cloud: Cloud, name: str) -> None:
    with pytest.raises(ValueError, match="not a bucket name"):
        cloud.oss.create(name)


@pytest.mark.parametrize("name", ["abc", "a" * 63])
def test_a_bucket_s_name_has_3_to_63_characters(cloud: Cloud, name: str) -> None:
    cloud.oss.create(name)

    assert cloud.oss.objects(name) == {}


def test_an_object_has_a_largest_size(cloud: Cloud) -> None:
    assert cloud.send("PUT", KEY, b"x" * LARGEST).status_code == 200
    assert refusal(cloud.send("PUT", KEY, b"x" * (LARGEST + 1))) == (400, "EntityTooLarge")
    assert refusal(cloud.send("PUT", KEY, b"x" * 3 * 1024 * 1024)) == (400, "EntityTooLarge")
    assert len(cloud.oss.objects(BUCKET)[KEY].body) == LARGEST


def test_an_empty_object_is_one(cloud: Cloud) -> None:
    assert cloud.send("PUT", KEY, b"", change={"content-length": "0"}).status_code == 200
    assert cloud.send("GET", KEY).content == b""


def test_a_put_says_how_long_it_is(cloud: Cloud) -> None:
    target = f"/{BUCKET}/a"
    request = cloud.http.build_request("PUT", target, headers=cloud.signed("PUT", "a", target, {}))
    del request.headers["content-length"]

    assert refusal(cloud.http.send(request)) == (411, "MissingContentLength")


def test_a_content_md5_has_to_be_right(cloud: Cloud) -> None:
    claimed = _md5(b"x")

    assert cloud.send("PUT", KEY, b"x", headers=claimed).status_code == 200
    assert refusal(cloud.send("PUT", KEY, b"y", headers=claimed)) == (400, "InvalidDigest")
    assert cloud.oss.objects(BUCKET)[KEY].body == b"x"


@pytest.mark.parametrize(
    ("size", "status"), [("1", 200), ("1000", 200), ("0", 400), ("1001", 400), ("x", 400), ("-1", 400)]
)
def test_a_page_has_1_to_1000_entries(cloud: Cloud, size: str, status: int) -> None:
    answer = cloud.send("GET", query={"list-type": "2", "max-keys": size})

    assert answer.status_code == status
    if status == 400:
        assert refusal(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "query",
    [
        {"list-type": "1"},
        {"list-type": "2", "continuation-token": "§"},
        {"list-type": "2", "continuation-token": "a"},
        {"list-type": "2", "continuation-token": "_w.."},
        {"list-type": "2", "encoding-type": "base64"},
    ],
)
def test_a_listing_needs_valid_parameters(cloud: Cloud, query: dict[str, str]) -> None:
    assert refusal(cloud.send("GET", query=query)) == (400, "InvalidArgument")


def test_a_listing_has_its_keys_encoded_where_asked(cloud: Cloud) -> None:
    cloud.send("PUT", "a/b &", b"x")

    plain = cloud.send("GET", query={"list-type": "2", "prefix": "a/"})
    encoded = cloud.send("GET", query={"list-type": "2", "prefix": "a/", "encoding-type": "url"})

    assert b"<Key>a/b &amp;</Key>" in plain.content
    assert b"<Key>a%2Fb%20%26</Key>" in encoded.content
    assert b"<Prefix>a%2F</Prefix>" in encoded.content


def test_a_parameter_is_utf_8(cloud: Cloud) -> None:
    answer = cloud.http.get(f"/{BUCKET}/?list-type=2&prefix=%ff")

    assert refusal(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize("sub_resource", ["lifecycle", "publicAccessBlock", "encryption"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\xff",
        b"<Other/>",
        b"<LifecycleConfiguration/>",
        b"<PublicAccessBlockConfiguration/>",
        b"<ServerSideEncryptionRule/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><LifecycleConfiguration/>',
    ],
)
def test_a_setting_that_is_not_one_is_refused(cloud: Cloud, sub_resource: str, body: bytes) -> None:
    assert refusal(cloud.send("PUT", body=body, query={sub_resource: ""})) == (400, "MalformedXML")


@pytest.mark.parametrize("count", [0, 1001])
def test_a_delete_of_many_has_1_to_1000_keys(cloud: Cloud, count: int) -> None:
    body = _deletion(count)

    answer = cloud.send("POST", body=body, query={"delete": ""}, headers=_md5(body))

    assert refusal(answer) == (400, "MalformedXML")


def test_a_delete_of_a_thousand_is_one(cloud: Cloud) -> None:
    body = _deletion(1000)

    answer = cloud.send("POST", body=body, query={"delete": ""}, headers=_md5(body))

    assert answer.content.count(b"<Deleted>") == 1000


@pytest.mark.parametrize("body", [b"<Delete><Object/></Delete>", b"<Delete", b"<Deletion/>"])
def test_a_delete_of_many_has_to_be_one(cloud: Cloud, body: bytes) -> None:
    answer = cloud.send("POST", body=body, query={"delete": ""}, headers=_md5(body))

    assert refusal(answer) == (400, "MalformedXML")


def test_a_delete_of_many_has_a_content_md5(cloud: Cloud) -> None:
    answer = cloud.send("POST", body=_deletion(1), query={"delete": ""})

    assert refusal(answer) == (400, "InvalidArgument")


def test_a_document_has_a_largest_size(cloud: Cloud) -> None:
    padded = b"<Delete>" + b" " * (2 * 1024 * 1024 - 8)

    for body, code in ((padded, "MalformedXML"), (padded + b" ", "EntityTooLarge")):
        answer = cloud.send("POST", body=body, query={"delete": ""}, headers=_md5(body))
        assert refusal(answer) == (400, code)


@pytest.mark.parametrize("source", ["/", "a", "/a", "/a/"])
def test_a_copy_names_bucket_and_key(cloud: Cloud, source: str) -> None:
    answer = cloud.send("PUT", KEY, headers={"x-oss-copy-source": source})

    assert refusal(answer) == (400, "InvalidArgument")


def test_a_copy_keeps_or_replaces_the_metadata_as_requested(cloud: Cloud) -> None:
    cloud.send("PUT", "a", b"x")

    answer = cloud.send(
        "PUT", KEY, headers={"x-oss-copy-source": f"/{BUCKET}/a", "x-oss-metadata-directive": "KEEP"}
    )

    assert refusal(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("method", "key", "query"),
    [
        ("POST", KEY, {"uploads": ""}),
        ("PUT", KEY, {"partNumber": "1", "uploadId": "x"}),
        ("GET", KEY, {"acl": ""}),
        ("GET", "", {"website": ""}),
        ("GET", "", {}),
        ("PATCH", KEY, {}),
    ],
)
def test_unsupported_operations_are_not_implemented(
    cloud: Cloud, method: str, key: str, query: dict[str, str]
) -> None:
    assert refusal(cloud.send(method, key, query=query)) == (501, "NotImplemented")


def test_an_invalid_acl_is_refused(cloud: Cloud) -> None:
    answer = cloud.send("PUT", query={"acl": ""}, headers={"x-oss-acl": "secret"})

    assert refusal(answer) == (400, "InvalidArgument")


def _deletion(count: int) -> bytes:
    objects = "".join(f"<Object><Key>{number}</Key></Object>" for number in range(count))
    return f"<Delete>{objects}</Delete>".encode()


def _md5(body: bytes) -> dict[str, str]:
    return {"content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
