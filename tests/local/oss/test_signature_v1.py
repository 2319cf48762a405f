"""The older signature, by the official SDK: its requests are accepted, changed ones are refused."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from local.oss.call import read_call
from local.oss.signature_v1 import parse_authorization, sign, string_to_sign

from .support import BUCKET, KEY, Cloud, refusal


def _client(cloud: Cloud, **options: Any) -> Any:
    return cloud.client(signature_version="v1", **options)


def test_the_sdk_puts_gets_lists_copies_and_deletes(cloud: Cloud) -> None:
    client = _client(cloud)
    assert (
        client.put_object(oss.PutObjectRequest(BUCKET, KEY, body=b"x", metadata={"a": "b"})).status_code
        == 200
    )
    assert client.get_object(oss.GetObjectRequest(BUCKET, KEY)).body.content == b"x"
    listed = client.list_objects_v2(oss.ListObjectsV2Request(BUCKET, prefix="spool/", max_keys=1))
    assert [one.key for one in listed.contents] == [KEY]
    copy = oss.CopyObjectRequest(BUCKET, "copy", source_bucket=BUCKET, source_key=KEY)
    assert client.copy_object(copy).status_code == 200
    assert client.get_bucket_info(oss.GetBucketInfoRequest(BUCKET)).bucket_info.name == BUCKET
    client.delete_object(oss.DeleteObjectRequest(BUCKET, KEY))
    assert list(cloud.oss.objects(BUCKET)) == ["copy"]


def test_the_next_page_is_asked_for_with_a_signed_token(cloud: Cloud) -> None:
    client = _client(cloud)
    for number in range(3):
        client.put_object(oss.PutObjectRequest(BUCKET, f"key-{number}", body=b"x"))
    names, token = [], None
    while True:
        request = oss.ListObjectsV2Request(BUCKET, max_keys=1, continuation_token=token)
        page = client.list_objects_v2(request)
        names += [one.key for one in page.contents]
        token = page.next_continuation_token
        if not page.is_truncated:
            break
    assert names == ["key-0", "key-1", "key-2"]


def _signed(cloud: Cloud, *, secret: str = "", date: float | None = None, key: str = KEY) -> Any:
    target = f"/{BUCKET}/{key}"
    headers = {"date": formatdate(date or time.time(), usegmt=True), "content-type": "text/plain"}
    call = read_call("PUT", target, headers, b"x")
    signature = sign(secret or cloud.keys.secret, string_to_sign(call))
    headers["authorization"] = f"OSS {cloud.keys.id}:{signature}"
    return headers


def test_a_wrong_secret_another_object_or_an_old_date_is_refused(cloud: Cloud) -> None:
    def put(headers: dict[str, str], key: str = "plain") -> Any:
        return cloud.http.put(f"{cloud.url}/{BUCKET}/{key}", content=b"x", headers=headers)

    assert put(_signed(cloud, key="plain")).status_code == 200
    assert refusal(put(_signed(cloud, key="plain", secret="wrong"))) == (403, "SignatureDoesNotMatch")
    assert refusal(put(_signed(cloud, key="plain"), "other")) == (403, "SignatureDoesNotMatch")
    late = _signed(cloud, key="plain", date=time.time() - 16 * 60)
    assert refusal(put(late)) == (403, "RequestTimeTooSkewed")
    without = {name: value for name, value in _signed(cloud, key="plain").items() if name != "date"}
    assert refusal(put(without)) == (403, "AccessDenied")


def test_the_answer_has_the_checksum_that_the_sdk_compares(cloud: Cloud) -> None:
    """CRC-64/XZ of `123456789`, as the catalogue of parametrised CRC algorithms has it."""
    answer = _client(cloud).put_object(oss.PutObjectRequest(BUCKET, KEY, body=b"123456789"))
    assert answer.hash_crc64 == str(0x995DC9BBDF1939FA)


@pytest.mark.parametrize(
    "value", ["OSS", "OSS key", "OSS :", "oss key:signature", "OSS4-HMAC-SHA256 Credential=x"]
)
def test_other_authorizations_are_not_parsed(value: str) -> None:
    assert parse_authorization(value) is None
