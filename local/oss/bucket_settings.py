"""The operations on buckets: creation, deletion, and the settings that provisioning reads and writes."""

from __future__ import annotations

from typing import NoReturn
from xml.etree import ElementTree

from starlette.responses import Response

from local.oss.access import OssAccess
from local.oss.answers import XML, nothing, xml
from local.oss.buckets import Bucket, Buckets
from local.oss.call import Call, check_md5
from local.oss.errors import OssError
from local.oss.markup import Child, Element, NotMarkup, iso, parse
from local.ram import Identity

MOST_RULES = 1000  # rules of a lifecycle: the documentation of PutBucketLifecycle

_RULE_ACTIONS = ("Expiration", "Transition", "AbortMultipartUpload", "NoncurrentVersionExpiration")
_ALGORITHMS = ("AES256", "KMS", "SM4")


class Settings:
    """The operations. Buckets are always private."""

    def __init__(self, buckets: Buckets, gate: OssAccess, *, region: str, account: str) -> None:
        self._buckets, self._gate = buckets, gate
        self._region, self._account = region, account

    def create(self, call: Call, identity: Identity) -> Response:
        """PutBucket, which also succeeds if the account has the bucket already. Raises OssError."""
        self._gate.permit(identity, "oss:PutBucket", call.bucket)
        check_md5(call)
        _check_private(call)
        self._buckets.create(call.bucket)
        return nothing(headers={"location": f"/{call.bucket}"})

    def remove(self, call: Call, identity: Identity) -> Response:
        """DeleteBucket. Raises OssError."""
        self._gate.permit(identity, "oss:DeleteBucket", call.bucket)
        self._buckets.remove(call.bucket)
        return nothing(204)

    def info(self, call: Call, identity: Identity) -> Response:
        """GetBucketInfo. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:GetBucketInfo")
        endpoint = f"oss-{self._region}"
        children: list[Child] = [
            ("CreationDate", iso(bucket.created)),
            ("ExtranetEndpoint", f"{endpoint}.aliyuncs.com"),
            ("IntranetEndpoint", f"{endpoint}-internal.aliyuncs.com"),
            ("Location", endpoint),
            ("Name", bucket.name),
            ("StorageClass", "Standard"),
            ("DataRedundancyType", "LRS"),
            self._owner(),
            Element("AccessControlList", [("Grant", "private")]),
            ("BlockPublicAccess", _boolean(bucket.blocks_public_access)),
            Element("ServerSideEncryptionRule", [("SSEAlgorithm", bucket.encryption or "None")]),
        ]
        return xml(Element("BucketInfo", [Element("Bucket", children)]))

    def get_acl(self, call: Call, identity: Identity) -> Response:
        """GetBucketAcl. Raises OssError."""
        self._permitted(call, identity, "oss:GetBucketAcl")
        grants = Element("AccessControlList", [("Grant", "private")])
        return xml(Element("AccessControlPolicy", [self._owner(), grants]))

    def put_acl(self, call: Call, identity: Identity) -> Response:
        """PutBucketAcl; only `private` is accepted. Raises OssError."""
        self._permitted(call, identity, "oss:PutBucketAcl")
        _check_private(call)
        return nothing()

    def put_lifecycle(self, call: Call, identity: Identity) -> Response:
        """PutBucketLifecycle, which replaces all rules. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:PutBucketLifecycle")
        tree = _parsed(call, "LifecycleConfiguration")
        rules = tree.findall("Rule")
        if not 1 <= len(rules) <= MOST_RULES:
            _malformed()
        for number, rule in enumerate(rules):
            _check_rule(rule)
            if not rule.findtext("ID"):
                ElementTree.SubElement(rule, "ID").text = f"rule-{number + 1}"
        if len({rule.findtext("ID") for rule in rules}) < len(rules):
            raise OssError("InvalidArgument", "Rule ID must be unique.")
        bucket.lifecycle = ElementTree.tostring(tree, encoding="UTF-8", xml_declaration=True)
        return nothing()

    def get_lifecycle(self, call: Call, identity: Identity) -> Response:
        """GetBucketLifecycle. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:GetBucketLifecycle")
        if bucket.lifecycle is None:
            message = "No Row found in Lifecycle Table."
            raise OssError("NoSuchLifecycle", message, BucketName=bucket.name)
        return Response(bucket.lifecycle, media_type=XML)

    def delete_lifecycle(self, call: Call, identity: Identity) -> Response:
        """DeleteBucketLifecycle. Raises OssError."""
        self._permitted(call, identity, "oss:DeleteBucketLifecycle").lifecycle = None
        return nothing(204)

    def put_public_access_block(self, call: Call, identity: Identity) -> Response:
        """PutBucketPublicAccessBlock. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:PutBucketPublicAccessBlock")
        value = _parsed(call, "PublicAccessBlockConfiguration").findtext("BlockPublicAccess", "").lower()
        if value not in ("true", "false"):
            _malformed()
        bucket.blocks_public_access = value == "true"
        return nothing()

    def get_public_access_block(self, call: Call, identity: Identity) -> Response:
        """GetBucketPublicAccessBlock. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:GetBucketPublicAccessBlock")
        blocked = ("BlockPublicAccess", _boolean(bucket.blocks_public_access))
        return xml(Element("PublicAccessBlockConfiguration", [blocked]))

    def put_encryption(self, call: Call, identity: Identity) -> Response:
        """PutBucketEncryption: stored, but nothing is encrypted. Raises OssError."""
        bucket = self._permitted(call, identity, "oss:PutBucketEncryption")
        tree = _parsed(call, "ServerSideEncryptionRule")
        algorithm = tree.findtext("ApplyServerSideEncryptionByDefault/SSEAlgorithm")
        if algorithm not in _ALGORITHMS:
            _malformed()
        bucket.encryption = algorithm
        return nothing()

    def _permitted(self, call: Call, identity: Identity, action: str) -> Bucket:
        self._gate.permit(identity, action, call.bucket)
        return self._buckets.bucket(call.bucket)

    def _owner(self) -> Element:
        return Element("Owner", [("ID", self._account), ("DisplayName", self._account)])


def _check_private(call: Call) -> None:
    acl = call.headers.get("x-oss-acl", "private")
    if acl in ("public-read", "public-read-write"):
        raise OssError("AccessDenied", "Put public bucket acl is not allowed.", ec="0003-00000801")
    if acl != "private":
        raise OssError("InvalidArgument", "no such bucket access control exists", ArgumentName="x-oss-acl")


def _parsed(call: Call, root: str) -> ElementTree.Element:
    check_md5(call)
    try:
        return parse(call.body, root)
    except NotMarkup:
        _malformed()


def _check_rule(rule: ElementTree.Element) -> None:
    if rule.findtext("Status") not in ("Enabled", "Disabled"):
        _malformed()
    if not any(rule.find(action) is not None for action in _RULE_ACTIONS):
        _malformed()
    days = rule.findtext("Expiration/Days")
    if days is not None and not (days.isascii() and days.isdigit() and int(days[:10]) > 0):
        raise OssError("InvalidArgument", "The Days must be a positive integer.", ArgumentName="Days")


def _malformed() -> NoReturn:
    raise OssError("MalformedXML", "The XML you provided was not well-formed or did not validate.")


def _boolean(value: bool) -> str:
    return "true" if value else "false"
