"""The OSS calls of provisioning: one bucket and its lifecycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import alibabacloud_oss_v2 as oss

Answer = TypeVar("Answer")

PRIVATE = "private"
ENCRYPTION = "AES256"  # with keys managed by OSS: needs no key management and no permission


class FoundBucket(NamedTuple):
    """The bucket's current state; `region` without OSS's prefix `oss-`."""

    region: str
    acl: str
    blocks_public_access: bool
    encrypted: bool
    versioned: bool


class Expiry(NamedTuple):
    """An active lifecycle rule that deletes; `days` is None for a rule with a date."""

    prefix: str
    days: int | None


class SpoolBucket:
    """One bucket. Every call may raise the SDK's OperationError."""

    def __init__(self, client: oss.Client, name: str) -> None:
        self._client = client
        self.name = name

    def find(self) -> FoundBucket | None:
        """Return the bucket, or None if there is none of this name."""
        answer = _or_none(
            lambda: self._client.get_bucket_info(oss.GetBucketInfoRequest(bucket=self.name)), "NoSuchBucket"
        )
        if answer is None:
            return None
        info = answer.bucket_info
        algorithm = info.sse_rule.sse_algorithm if info.sse_rule else None
        return FoundBucket(
            region=str(info.location).removeprefix("oss-"),
            acl=str(info.acl),
            blocks_public_access=bool(info.block_public_access),
            encrypted=algorithm not in (None, "", "None"),
            versioned=info.versioning == "Enabled",
        )

    def create(self) -> None:
        """Create a private, encrypted bucket."""
        self._client.put_bucket(oss.PutBucketRequest(bucket=self.name, acl=PRIVATE))
        self.block_public_access()
        self.encrypt()

    def make_private(self) -> None:
        """Set the bucket's ACL to private."""
        self._client.put_bucket_acl(oss.PutBucketAclRequest(bucket=self.name, acl=PRIVATE))

    def block_public_access(self) -> None:
        """Block public access: OSS then ignores and refuses public ACLs and policies."""
        block = oss.PublicAccessBlockConfiguration(block_public_access=True)
        self._client.put_bucket_public_access_block(
            oss.PutBucketPublicAccessBlockRequest(bucket=self.name, public_access_block_configuration=block)
        )

    def encrypt(self) -> None:
        """Turn on encryption for new objects."""
        usual = oss.ApplyServerSideEncryptionByDefault(sse_algorithm=ENCRYPTION)
        rule = oss.ServerSideEncryptionRule(apply_server_side_encryption_by_default=usual)
        self._client.put_bucket_encryption(
            oss.PutBucketEncryptionRequest(bucket=self.name, server_side_encryption_rule=rule)
        )

    def expiries(self) -> list[Expiry]:
        """Return the rules that delete objects by age or at a date."""
        return [
            Expiry(rule.prefix or "", rule.expiration.days)
            for rule in self._rules()
            if rule.status == "Enabled"
            and rule.expiration
            and not rule.expiration.expired_object_delete_marker
        ]

    def add_expiry(self, prefix: str, days: int) -> None:
        """Add a rule: delete objects of this prefix `days` days after their creation. Other rules stay."""
        expiration = oss.LifecycleRuleExpiration(days=days)
        added = oss.LifecycleRule(id=prefix, prefix=prefix, status="Enabled", expiration=expiration)
        rules = oss.LifecycleConfiguration(rules=[*self._rules(), added])
        self._client.put_bucket_lifecycle(
            oss.PutBucketLifecycleRequest(bucket=self.name, lifecycle_configuration=rules)
        )

    def _rules(self) -> list[Any]:
        answer = _or_none(
            lambda: self._client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=self.name)),
            "NoSuchLifecycle",
            "NoSuchBucket",
        )
        return list(answer.lifecycle_configuration.rules or []) if answer else []


def _or_none(call: Callable[[], Answer], *codes: str) -> Answer | None:
    try:
        return call()
    except oss.exceptions.OperationError as error:
        if getattr(error.unwrap(), "code", None) not in codes:
            raise
        return None
