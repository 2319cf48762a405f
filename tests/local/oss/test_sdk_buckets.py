"""Buckets and their lifecycles by the official SDK."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from .support import BUCKET, Cloud, put, sdk_refusal


def test_a_bucket_is_there_or_not(cloud: Cloud) -> None:
    client = cloud.client()

    assert client.is_bucket_exist(BUCKET)
    assert not client.is_bucket_exist("no-such-bucket")


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


def test_a_lifecycle_is_returned_unchanged(cloud: Cloud) -> None:
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
def test_an_invalid_lifecycle_is_refused(cloud: Cloud, rules: list[Any], code: str) -> None:
    with pytest.raises(oss.exceptions.OperationError) as error:
        put_lifecycle(cloud.client(), *rules)

    assert sdk_refusal(error) == (400, code)


def test_a_lifecycle_may_have_a_thousand_rules(cloud: Cloud) -> None:
    client = cloud.client()

    put_lifecycle(client, *[rule(str(number)) for number in range(1000)])

    answer = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=BUCKET))
    assert len(answer.lifecycle_configuration.rules) == 1000
