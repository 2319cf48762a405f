"""Authentication and authorization: keys, tokens, dates, policies. The official SDK or its signer signs."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from tests.support.policies import policy

from .support import BUCKET, KEY, REGION, Cloud, Keys, refusal, sdk_refusal

PENDING = f"acs:oss:*:*:{BUCKET}/spool/pending/*"
# The policies of the two functions' roles.
TRACK = policy("oss:PutObject", PENDING)
REPLAY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["oss:GetObject", "oss:PutObject", "oss:DeleteObject"],
            "Resource": f"acs:oss:*:*:{BUCKET}/spool/*",
        },
        {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": f"acs:oss:*:*:{BUCKET}"},
    ],
}


def put(client: Any, key: str = KEY) -> None:
    client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=key, body=b"body"))


def refused(client: Any) -> tuple[int, str]:
    with pytest.raises(oss.exceptions.OperationError) as error:
        put(client)
    return sdk_refusal(error)


def test_a_wrong_secret_does_not_match(cloud: Cloud) -> None:
    assert refused(cloud.client(Keys(cloud.keys.id, "wrong"))) == (403, "SignatureDoesNotMatch")
    assert cloud.oss.objects(BUCKET) == {}


def test_an_unknown_key_is_invalid(cloud: Cloud) -> None:
    assert refused(cloud.client(Keys("LTAI5tNobody", "secret"))) == (403, "InvalidAccessKeyId")


def test_a_revoked_key_is_invalid(cloud: Cloud) -> None:
    cloud.ram.revoke(cloud.keys.id)

    assert refused(cloud.client()) == (403, "InvalidAccessKeyId")


def test_a_token_is_good_until_it_expires(cloud: Cloud) -> None:
    cloud.clock.fixed = float(int(cloud.clock()))
    client = cloud.client(cloud.role(TRACK))
    cloud.clock.fixed += 899
    put(client)

    cloud.clock.fixed += 1
    assert refused(client) == (403, "SecurityTokenExpired")


def test_a_token_belongs_to_its_key(cloud: Cloud) -> None:
    one, other = cloud.role(TRACK), cloud.role(TRACK)

    assert refused(cloud.client(one._replace(token=other.token))) == (403, "InvalidSecurityToken")
    assert refused(cloud.client(one._replace(token=None))) == (403, "InvalidAccessKeyId")
    assert refused(cloud.client(cloud.keys._replace(token=one.token))) == (403, "InvalidAccessKeyId")


def test_track_may_only_put_pending_objects(cloud: Cloud) -> None:
    client = cloud.client(cloud.role(TRACK))
    put(client)

    for refusing in (
        lambda: put(client, "spool/rejected/x"),
        lambda: client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY)),
        lambda: client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY)),
        lambda: client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=KEY)),
        lambda: client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET)),
        lambda: client.put_bucket(oss.PutBucketRequest(bucket="new-bucket")),
        lambda: client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=BUCKET)),
    ):
        with pytest.raises(oss.exceptions.OperationError) as error:
            refusing()
        assert sdk_refusal(error) == (403, "AccessDenied")


def test_replay_may_read_move_and_delete(cloud: Cloud) -> None:
    put(cloud.client())
    client = cloud.client(cloud.role(REPLAY))

    (found,) = client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET)).contents
    body = client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=found.key)).body.read()
    client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="spool/rejected/x", source_key=found.key))
    client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=found.key))

    assert body == b"body"
    assert list(cloud.oss.objects(BUCKET)) == ["spool/rejected/x"]
    with pytest.raises(oss.exceptions.OperationError) as error:
        put(client, "elsewhere")
    assert sdk_refusal(error) == (403, "AccessDenied")


def test_a_copy_needs_the_right_to_read_its_source(cloud: Cloud) -> None:
    put(cloud.client(), "secret")
    client = cloud.client(cloud.role(REPLAY))

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="spool/x", source_key="secret"))

    assert sdk_refusal(error) == (403, "AccessDenied")
    assert list(cloud.oss.objects(BUCKET)) == ["secret"]


def test_a_delete_of_many_is_all_or_nothing(cloud: Cloud) -> None:
    put(cloud.client(), "spool/a")
    put(cloud.client(), "other")
    client = cloud.client(cloud.role(REPLAY))

    with pytest.raises(oss.exceptions.OperationError) as error:
        client.delete_multiple_objects(
            oss.DeleteMultipleObjectsRequest(
                bucket=BUCKET, objects=[oss.DeleteObject(key=key) for key in ("spool/a", "other")]
            )
        )

    assert sdk_refusal(error) == (403, "AccessDenied")
    assert list(cloud.oss.objects(BUCKET)) == ["other", "spool/a"]


def test_a_session_policy_restricts_permissions(cloud: Cloud) -> None:
    narrowed = cloud.role(policy("oss:*"), session_policy=policy("oss:GetObject"))

    assert refused(cloud.client(narrowed)) == (403, "AccessDenied")


def test_a_session_policy_grants_nothing(cloud: Cloud) -> None:
    widened = cloud.role(policy("oss:GetObject"), session_policy=policy("oss:*"))

    assert refused(cloud.client(widened)) == (403, "AccessDenied")


def test_a_deny_beats_an_allow(cloud: Cloud) -> None:
    user = cloud.user(policy("oss:*"), policy("oss:PutObject", PENDING, effect="Deny"))

    assert refused(cloud.client(user)) == (403, "AccessDenied")
    put(cloud.client(user), "spool/rejected/x")


def test_a_resource_names_region_and_account(cloud: Cloud) -> None:
    exact = f"acs:oss:oss-{REGION}:{cloud.ram.account_id}:{BUCKET}/{KEY}"

    put(cloud.client(cloud.user(policy("oss:PutObject", exact))))

    elsewhere = exact.replace(REGION, "cn-shanghai")
    assert refused(cloud.client(cloud.user(policy("oss:PutObject", elsewhere)))) == (403, "AccessDenied")


def test_an_unsigned_request_is_anonymous(cloud: Cloud) -> None:
    assert refusal(cloud.http.get(f"/{BUCKET}/{KEY}")) == (403, "AccessDenied")


@pytest.mark.parametrize(("ahead", "status"), [(900, 200), (-900, 200), (901, 403), (-901, 403)])
def test_a_request_may_be_15_minutes_off(cloud: Cloud, ahead: int, status: int) -> None:
    cloud.clock.fixed = 1_800_000_000.0

    answer = cloud.send("PUT", KEY, b"x", ahead=ahead)

    assert answer.status_code == status
    if status == 403:
        assert refusal(answer) == (403, "RequestTimeTooSkewed")
        assert b"<MaxAllowedSkewMilliseconds>900000<" in answer.content


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-23T10:00:00Z"])
def test_a_date_has_to_be_one(cloud: Cloud, date: str) -> None:
    answer = cloud.send("PUT", KEY, b"x", change={"x-oss-date": date})

    assert refusal(answer) == (403, "AccessDenied")


def test_a_date_has_to_be_the_one_of_the_credential(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_800_057_600.0 - 1800  # 23:30 UTC
    answer = cloud.send("PUT", KEY, b"x", change={"x-oss-date": "20270116T000001Z"})

    assert refusal(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize("wrong", [{"region": "cn-shanghai"}, {"product": "oss-cloudbox"}])
def test_region_and_product_have_to_be_this_service_s(cloud: Cloud, wrong: dict[str, Any]) -> None:
    assert refusal(cloud.send("PUT", KEY, b"x", **wrong)) == (400, "InvalidArgument")


@pytest.mark.parametrize("authorization", ["OSS id", "Bearer x", "OSS4-HMAC-SHA256 Credential=x"])
def test_an_authorization_has_to_be_one(cloud: Cloud, authorization: str) -> None:
    answer = cloud.send("PUT", KEY, b"x", change={"authorization": authorization})

    assert refusal(answer) == (400, "InvalidArgument")


def test_the_payload_is_not_signed(cloud: Cloud) -> None:
    answer = cloud.send("PUT", KEY, b"x", change={"x-oss-content-sha256": "0" * 64})

    assert refusal(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "change",
    [
        {"x-oss-meta-reason": "added"},
        {"x-oss-forbid-overwrite": "true"},
        {"content-type": "text/html"},
        {"content-md5": "nQ7n7sI7JSPhBm0E7sOJ7w=="},
    ],
)
def test_headers_that_have_to_be_signed_are(cloud: Cloud, change: dict[str, str]) -> None:
    assert refusal(cloud.send("PUT", KEY, b"x", change=change)) == (403, "SignatureDoesNotMatch")


def test_other_headers_may_be_left_unsigned(cloud: Cloud) -> None:
    assert cloud.send("PUT", KEY, b"x", change={"cache-control": "no-store"}).status_code == 200


def test_additional_headers_are_signed_too(cloud: Cloud) -> None:
    sent = {"headers": {"x-mine": "1"}, "additional": ["x-mine"]}

    assert cloud.send("PUT", KEY, b"x", **sent).status_code == 200  # type: ignore[arg-type]
    answer = cloud.send("PUT", KEY, b"x", **sent, change={"x-mine": "2"})  # type: ignore[arg-type]
    assert refusal(answer) == (403, "SignatureDoesNotMatch")


def test_an_additional_header_has_to_be_sent(cloud: Cloud) -> None:
    target = f"/{BUCKET}/a"
    signed = cloud.signed("PUT", "a", target, {"x-mine": "1"}, additional=["x-mine"])
    del signed["x-mine"]

    answer = cloud.http.put(target, content=b"x", headers=signed)

    assert refusal(answer) == (403, "SignatureDoesNotMatch")


def test_method_path_and_query_are_signed(cloud: Cloud) -> None:
    target = f"/{BUCKET}/a"
    signed = cloud.signed("PUT", "a", target, {})

    for method, path in (("DELETE", target), ("PUT", f"/{BUCKET}/b"), ("PUT", f"{target}?acl")):
        answer = cloud.http.request(method, path, content=b"x", headers=signed)
        assert refusal(answer) == (403, "SignatureDoesNotMatch")


def test_a_refusal_of_a_signature_says_what_was_signed_but_not_the_token(cloud: Cloud) -> None:
    keys = cloud.role(TRACK)

    answer = cloud.send("PUT", KEY, b"x", keys=keys._replace(secret="wrong"))

    assert b"<StringToSign>OSS4-HMAC-SHA256\n" in answer.content
    assert (keys.token or "").encode() not in answer.content
    assert keys.secret.encode() not in answer.content
