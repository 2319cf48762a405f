"""An account with one caller and one role, and STS in front of it, for the tests of the stand-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config

from local.ram import AccessKey, PolicyDocument, Ram

ACCOUNT = "1234567890123456"
CALLER = f"acs:ram::{ACCOUNT}:user/caller"
ROLE = f"acs:ram::{ACCOUNT}:role/sls-web-tracking"
WRITE_ALL = {"Effect": "Allow", "Action": ["log:PostLogStoreLogs", "log:PutLogs"], "Resource": "*"}


def policy(*statements: Mapping[str, Any]) -> PolicyDocument:
    return {"Version": "1", "Statement": list(statements)}


def may_assume(role: str = ROLE) -> PolicyDocument:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})


def account() -> tuple[Ram, AccessKey]:
    ram = Ram(ACCOUNT)
    ram.add_role("sls-web-tracking", trusted=[CALLER], policies=[policy(WRITE_ALL)], max_session=7200)
    return ram, ram.add_user("caller", [may_assume()])


def client(
    port: int, key_id: str, secret: str, token: str | None = None, *, algorithm: str | None = None
) -> Any:
    """The official client; algorithm "v2" is its name for RPC V1, None is ACS3."""
    config = Config(
        access_key_id=key_id,
        access_key_secret=secret,
        security_token=token,
        endpoint=f"127.0.0.1:{port}",
        protocol="http",
        signature_algorithm=algorithm,
    )
    return Client(config)


def refusal(sts: Any, **parameters: object) -> tuple[int, str]:
    """The status and code with which the stand-in refuses the official client."""
    request = AssumeRoleRequest(**{"role_arn": ROLE, "role_session_name": "tests", **parameters})
    try:
        sts.assume_role(request)
    except AlibabaCloudException as error:
        return error.status_code, error.code
    raise AssertionError("it was not refused")


def compact(document: PolicyDocument) -> str:
    return json.dumps(document, separators=(",", ":"))
