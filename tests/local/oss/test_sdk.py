"""The official SDK against the stand-in."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from local.faults import Fault

from .support import BUCKET, KEY, Cloud, sdk_refusal

BODY = b"\x1f\x8b not really gzip"


def put(client: Any, key: str = KEY, body: bytes = BODY, **more: Any) -> Any:
    return client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=key, body=body, **more))


def get(client: Any, key: str = KEY) -> Any:
    return client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key))


def listed(client: Any, **how: Any) -> list[list[str]]:
    """The keys and common prefixes of each page."""
    paginator = client.list_objects_v2_paginator()
    pages = paginator.iter_page(oss.ListObjectsV2Request(bucket=BUCKET, **how))
    return [
        [entry.key for entry in page.contents or []] + [entry.prefix for entry in page.common_prefixes or []]
        for page in pages
    ]


def test_an_object_comes_back_as_it_was_put(cloud: Cloud) -> None:
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


def test_a_bucket_is_there_or_not(cloud: Cloud) -> None:
    client = cloud.client()

    assert client.is_bucket_exist(BUCKET)
    assert not client.is_bucket_exist("no-such-bucket")


def test_what_is_put_again_is_replaced(cloud: Cloud) -> None:
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


def test_a_delete_succeeds_for_what_is_not_there_too(cloud: Cloud) -> None:
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


def test_a_copy_takes_the_metadata_along(cloud: Cloud) -> None:
    client = cloud.client()
    put(client, content_type="application/gzip", metadata={"a": "1"})

    client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="copy", source_key=KEY))

    source, copy = cloud.oss.objects(BUCKET)[KEY], cloud.oss.objects(BUCKET)["copy"]
    assert (copy.body, copy.headers, copy.metadata) == (BODY, source.headers, {"a": "1"})


def test_a_copy_can_have_metadata_of_its_own(cloud: Cloud) -> None:
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


def test_objects_are_listed_in_pages_in_order(cloud: Cloud) -> None:
    client = cloud.client()
    keys = [f"spool/{name}" for name in ("ü&<", "1", "3 +", "2", "ÿ", "z")]
    for key in [*keys, "other", "spool"]:
        put(client, key)

    pages = listed(client, prefix="spool/", max_keys=2)

    assert [len(page) for page in pages] == [2, 2, 2]
    assert [key for page in pages for key in page] == sorted(keys, key=str.encode)


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (100, [100]), (101, [100, 1])])
def test_a_page_has_a_hundred_unless_asked_otherwise(cloud: Cloud, count: int, pages: list[int]) -> None:
    client = cloud.client()
    for number in range(count):
        put(client, f"{number:03}")

    assert [len(page) for page in listed(client)] == pages


def test_a_listing_tells_of_each_object(cloud: Cloud) -> None:
    client = cloud.client()
    cloud.clock.fixed = float(int(cloud.clock()))
    put(client, "a")

    answer = client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET))

    (found,) = answer.contents
    assert (found.key, found.size, found.etag) == ("a", len(BODY), cloud_etag(cloud, "a"))
    assert found.last_modified == datetime.fromtimestamp(cloud.clock.fixed, timezone.utc)
    assert (answer.key_count, answer.is_truncated, answer.max_keys) == (1, False, 100)


def cloud_etag(cloud: Cloud, key: str) -> str:
    return f'"{cloud.oss.objects(BUCKET)[key].etag}"'


def test_a_listing_begins_after_a_key(cloud: Cloud) -> None:
    client = cloud.client()
    for key in "abc":
        put(client, key)

    assert listed(client, start_after="a") == [["b", "c"]]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_delimiter_makes_folders_whatever_the_page(cloud: Cloud, size: int) -> None:
    client = cloud.client()
    for key in ("p/a/1", "p/a/2", "p/b", "p/c/1", "p/c/2", "q/1"):
        put(client, key)

    pages = listed(client, prefix="p/", delimiter="/", max_keys=size)

    assert sorted(name for page in pages for name in page) == ["p/a/", "p/b", "p/c/"]
    assert all(len(page) <= size for page in pages)


def test_a_bucket_is_made_and_removed(cloud: Cloud) -> None:
    client = cloud.client()
    for _ in range(2):
        assert client.put_bucket(oss.PutBucketRequest(bucket="new-bucket")).status_code == 200
    assert cloud.oss.objects("new-bucket") == {}

    assert client.delete_bucket(oss.DeleteBucketRequest(bucket="new-bucket")).status_code == 204
    assert not client.is_bucket_exist("new-bucket")


def test_a_bucket_with_objects_stays(cloud: Cloud) -> None:
    client = cloud.client()
    put(client)

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.delete_bucket(oss.DeleteBucketRequest(bucket=BUCKET))

    assert sdk_refusal(error) == (409, "BucketNotEmpty")


def test_a_bucket_is_not_opened_to_the_public(cloud: Cloud) -> None:
    client = cloud.client()

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.put_bucket(oss.PutBucketRequest(bucket="new-bucket", acl="public-read"))
    assert sdk_refusal(error) == (403, "AccessDenied")
    assert not client.is_bucket_exist("new-bucket")

    client.put_bucket_acl(oss.PutBucketAclRequest(bucket=BUCKET, acl="private"))
    assert client.get_bucket_acl(oss.GetBucketAclRequest(bucket=BUCKET)).acl == "private"


def test_a_bucket_tells_of_itself(cloud: Cloud) -> None:
    client = cloud.client()
    client.put_bucket_encryption(
        oss.PutBucketEncryptionRequest(
            bucket=BUCKET,
            server_side_encryption_rule=oss.ServerSideEncryptionRule(
                apply_server_side_encryption_by_default=oss.ApplyServerSideEncryptionByDefault(
                    sse_algorithm="AES256"
                )
            ),
        )
    )

    info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)).bucket_info

    assert (info.name, info.location, info.acl) == (BUCKET, "oss-cn-hangzhou", "private")
    assert info.intranet_endpoint == "oss-cn-hangzhou-internal.aliyuncs.com"
    assert info.owner.id == cloud.ram.account_id
    assert info.block_public_access is True
    assert info.sse_rule.sse_algorithm == "AES256"


@pytest.mark.parametrize("blocked", [True, False])
def test_public_access_is_blocked_or_not(cloud: Cloud, blocked: bool) -> None:
    client = cloud.client()
    wanted = oss.PublicAccessBlockConfiguration(block_public_access=blocked)
    client.put_bucket_public_access_block(
        oss.PutBucketPublicAccessBlockRequest(bucket=BUCKET, public_access_block_configuration=wanted)
    )

    answer = client.get_bucket_public_access_block(oss.GetBucketPublicAccessBlockRequest(bucket=BUCKET))

    assert answer.public_access_block_configuration.block_public_access is blocked


def put_lifecycle(client: Any, *rules: Any) -> None:
    client.put_bucket_lifecycle(
        oss.PutBucketLifecycleRequest(
            bucket=BUCKET, lifecycle_configuration=oss.LifecycleConfiguration(rules=list(rules))
        )
    )


def rule(name: str | None, days: int = 14, status: str = "Enabled") -> Any:
    expiration = oss.LifecycleRuleExpiration(days=days)
    return oss.LifecycleRule(id=name, prefix="spool/", status=status, expiration=expiration)


def test_a_lifecycle_comes_back_as_it_was_put(cloud: Cloud) -> None:
    client = cloud.client()

    put_lifecycle(client, rule("spool"), rule(None, days=1, status="Disabled"))
    answer = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=BUCKET))

    first, second = answer.lifecycle_configuration.rules
    assert (first.id, first.prefix, first.status, first.expiration.days) == ("spool", "spool/", "Enabled", 14)
    assert (bool(second.id), second.status, second.expiration.days) == (True, "Disabled", 1)


def test_a_lifecycle_goes(cloud: Cloud) -> None:
    client = cloud.client()
    put_lifecycle(client, rule("spool"))

    client.delete_bucket_lifecycle(oss.DeleteBucketLifecycleRequest(bucket=BUCKET))

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=BUCKET))
    assert sdk_refusal(error) == (404, "NoSuchLifecycle")


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([rule("a", status="On")], "MalformedXML"),
        ([rule("a", days=0)], "InvalidArgument"),
        ([rule("a"), rule("a")], "InvalidArgument"),
        ([], "MalformedXML"),
        ([oss.LifecycleRule(id="a", prefix="", status="Enabled")], "MalformedXML"),
        ([rule(str(number)) for number in range(1001)], "MalformedXML"),
    ],
)
def test_a_lifecycle_that_is_none_is_refused(cloud: Cloud, rules: list[Any], code: str) -> None:
    with pytest.raises(oss.exceptions.OperationError) as error:
        put_lifecycle(cloud.client(), *rules)

    assert sdk_refusal(error) == (400, code)


def test_a_lifecycle_may_have_a_thousand_rules(cloud: Cloud) -> None:
    client = cloud.client()

    put_lifecycle(client, *[rule(str(number)) for number in range(1000)])

    answer = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=BUCKET))
    assert len(answer.lifecycle_configuration.rules) == 1000


def test_the_sdk_tries_again_where_it_may(cloud: Cloud) -> None:
    cloud.oss.faults.add(Fault.status(503, code="ServiceUnavailable"), times=1)

    put(cloud.client(retry_max_attempts=2))

    assert (cloud.oss.faults.seen, cloud.oss.faults.struck) == (2, 1)
    assert list(cloud.oss.objects(BUCKET)) == [KEY]
