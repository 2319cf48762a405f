"""Objects by the official SDK."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import alibabacloud_oss_v2 as oss
import pytest

from local.faults import Fault

from .support import BODY, BUCKET, KEY, Cloud, get, put, sdk_refusal


def test_an_object_is_returned_unchanged(cloud: Cloud) -> None:
    client = cloud.client()

    answer = put(client, content_type="application/gzip", metadata={"reason": "why%20not"})
    found = get(client)

    digest = hashlib.md5(BODY, usedforsecurity=False).hexdigest().upper()
    assert answer.status_code == 200
    assert answer.etag == found.etag == f'"{digest}"'
    assert found.body.read() == BODY
    assert found.content_length == len(BODY)
    assert found.content_type == "application/gzip"
    assert found.metadata == {"reason": "why%20not"}


def test_the_stand_in_lets_its_objects_be_looked_at(cloud: Cloud) -> None:
    cloud.clock.fixed = float(int(cloud.clock()))
    put(cloud.client(), content_type="application/gzip", metadata={"reason": "r"})

    (stored,) = cloud.oss.objects(BUCKET).values()

    assert (stored.key, stored.body, stored.modified) == (KEY, BODY, cloud.clock.fixed)
    assert (stored.headers, stored.metadata) == ({"content-type": "application/gzip"}, {"reason": "r"})


def test_a_bucket_that_is_not_there_has_nothing_to_look_at(cloud: Cloud) -> None:
    with pytest.raises(LookupError):
        cloud.oss.objects("no-such-bucket")


def test_a_head_has_the_headers_of_the_object(cloud: Cloud) -> None:
    client = cloud.client()
    cloud.clock.fixed = float(int(cloud.clock()))
    put(client, metadata={"reason": "r"})

    head = client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY))

    assert (head.content_length, head.metadata) == (len(BODY), {"reason": "r"})
    assert head.last_modified == datetime.fromtimestamp(cloud.clock.fixed, timezone.utc)


def test_an_object_is_there_or_not(cloud: Cloud) -> None:
    client = cloud.client()
    put(client)

    assert client.is_object_exist(BUCKET, KEY)
    assert not client.is_object_exist(BUCKET, "other")


def test_a_second_put_replaces_the_object(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, metadata={"reason": "r"})

    put(client, body=b"second")

    assert get(client).body.read() == b"second"
    assert cloud.oss.objects(BUCKET)[KEY].metadata == {}


def test_an_overwrite_can_be_forbidden(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, forbid_overwrite=True)

    with pytest.raises(oss.exceptions.OperationError) as error:
        put(client, body=b"second", forbid_overwrite=True)

    assert sdk_refusal(error) == (409, "FileAlreadyExists")
    assert cloud.oss.objects(BUCKET)[KEY].body == BODY


def test_of_many_that_forbid_an_overwrite_one_succeeds(cloud: Cloud) -> None:
    client = cloud.client()

    def attempt(number: int) -> int:
        try:
            put(client, body=b"%d" % number, forbid_overwrite=True)
        except oss.exceptions.OperationError as error:
            return int(error.unwrap().status_code)
        return 200

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(16)))

    assert statuses == [200] + [409] * 15


def test_many_write_at_once(cloud: Cloud) -> None:
    client = cloud.client()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(client, f"many/{number:03}", b"%d" % number), range(100)))

    found = cloud.oss.objects(BUCKET)
    assert {key: stored.body for key, stored in found.items()} == {
        f"many/{number:03}": b"%d" % number for number in range(100)
    }


@pytest.mark.parametrize("operation", ["get", "head"])
def test_an_object_that_is_not_there_is_no_such_key(cloud: Cloud, operation: str) -> None:
    client = cloud.client()
    requests = {"get": oss.GetObjectRequest, "head": oss.HeadObjectRequest}

    with pytest.raises(oss.exceptions.OperationError) as error:
        getattr(client, f"{operation}_object")(requests[operation](bucket=BUCKET, key=KEY))

    assert sdk_refusal(error) == (404, "NoSuchKey")


def test_a_bucket_that_is_not_there_is_no_such_bucket(cloud: Cloud) -> None:
    with pytest.raises(oss.exceptions.OperationError) as error:
        cloud.client().put_object(oss.PutObjectRequest(bucket="no-such-bucket", key=KEY, body=BODY))

    assert sdk_refusal(error) == (404, "NoSuchBucket")


def test_a_delete_of_a_missing_object_succeeds(cloud: Cloud) -> None:
    client = cloud.client()
    put(client)

    statuses = [
        client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=KEY)).status_code for _ in range(2)
    ]

    assert statuses == [204, 204]
    assert cloud.oss.objects(BUCKET) == {}


def test_many_are_deleted_at_once(cloud: Cloud) -> None:
    client = cloud.client()
    for key in ("a", "b&<c>", "d"):
        put(client, key)

    answer = client.delete_multiple_objects(
        oss.DeleteMultipleObjectsRequest(
            bucket=BUCKET, objects=[oss.DeleteObject(key=key) for key in ("a", "b&<c>", "gone")]
        )
    )

    assert [deleted.key for deleted in answer.deleted_objects] == ["a", "b&<c>", "gone"]
    assert list(cloud.oss.objects(BUCKET)) == ["d"]


def test_a_quiet_delete_of_many_says_nothing(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, "a")

    client.delete_multiple_objects(
        oss.DeleteMultipleObjectsRequest(bucket=BUCKET, objects=[oss.DeleteObject(key="a")], quiet=True)
    )

    assert cloud.oss.objects(BUCKET) == {}


def test_a_copy_keeps_the_metadata(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, content_type="application/gzip", metadata={"a": "1"})

    client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="copy", source_key=KEY))

    source, copy = cloud.oss.objects(BUCKET)[KEY], cloud.oss.objects(BUCKET)["copy"]
    assert (copy.body, copy.headers, copy.metadata) == (BODY, source.headers, {"a": "1"})


def test_a_copy_can_have_other_metadata(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, metadata={"a": "1"})

    client.copy_object(
        oss.CopyObjectRequest(
            bucket=BUCKET,
            key="copy",
            source_key=KEY,
            metadata_directive="REPLACE",
            metadata={"reason": "PostBodyInvalid"},
        )
    )

    assert cloud.oss.objects(BUCKET)["copy"].metadata == {"reason": "PostBodyInvalid"}


def test_a_copy_can_forbid_an_overwrite(cloud: Cloud) -> None:
    client = cloud.client()
    put(client)

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.copy_object(
            oss.CopyObjectRequest(bucket=BUCKET, key=KEY, source_key=KEY, forbid_overwrite="true")
        )

    assert sdk_refusal(error) == (409, "FileAlreadyExists")


@pytest.mark.parametrize(
    ("source_bucket", "code"), [(BUCKET, "NoSuchKey"), ("no-such-bucket", "NoSuchBucket")]
)
def test_a_copy_needs_its_source(cloud: Cloud, source_bucket: str, code: str) -> None:
    with pytest.raises(oss.exceptions.OperationError) as error:
        cloud.client().copy_object(
            oss.CopyObjectRequest(bucket=BUCKET, key="a", source_bucket=source_bucket, source_key="b")
        )

    assert sdk_refusal(error) == (404, code)


def test_the_sdk_tries_again_where_it_may(cloud: Cloud) -> None:
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), times=1)

    put(cloud.client(retry_max_attempts=2))

    assert (cloud.oss.faults.seen, cloud.oss.faults.struck) == (2, 1)
    assert list(cloud.oss.objects(BUCKET)) == [KEY]
