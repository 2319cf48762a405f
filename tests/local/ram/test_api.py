"""The other stand-ins use roles and policies created over RAM's API by the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config

from local.ram import PolicyDocument, Ram
from local.ram.api import RamApi
from local.serving import Server
from local.sts import StsStandIn

NOW = 1_800_000_000.0
WEB, CHECKOUT = "acs:log:*:1:project/shop/logstore/web", "acs:log:*:1:project/shop/logstore/checkout"


def _allow(action: str, resource: str, **more: Any) -> PolicyDocument:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "1", "Statement": [statement]}


@pytest.fixture
def account() -> Ram:
    return Ram()


@pytest.fixture
def api(account: Ram) -> Iterator[Any]:
    key = account.add_user("ops", [_allow("*", "*")])
    with Server(RamApi(account)) as server:
        address = server.url.removeprefix("http://")
        yield Client(
            Config(access_key_id=key.id, access_key_secret=key.secret, endpoint=address, protocol="http")
        )


def _role(api: Any, *, trusted: str = "fc.aliyuncs.com") -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [trusted]}}
    trust = json.dumps({"Version": "1", "Statement": [statement]})
    api.create_role(models.CreateRoleRequest(role_name="writer", assume_role_policy_document=trust))


def _policy(api: Any, document: PolicyDocument, name: str = "write") -> None:
    text = json.dumps(document)
    api.create_policy(models.CreatePolicyRequest(policy_name=name, policy_document=text))
    names = {"policy_type": "Custom", "policy_name": name, "role_name": "writer"}
    api.attach_policy_to_role(models.AttachPolicyToRoleRequest(**names))


def _may(account: Ram, resource: str) -> bool:
    arn = f"acs:ram::{account.account_id}:role/writer"
    token = account.issue(arn, session_name="s1", session_policy=None, duration=900, now=NOW)
    return account.identify(token.id, token.security_token).allows("log:PutLogs", resource, now=NOW)


def test_a_role_may_do_what_its_policies_allow_from_then_on(api: Any, account: Ram) -> None:
    _role(api)
    assert not _may(account, WEB)
    _policy(api, _allow("log:PutLogs", WEB))
    assert _may(account, WEB)
    version = json.dumps(_allow("log:PutLogs", CHECKOUT))
    api.create_policy_version(
        models.CreatePolicyVersionRequest(policy_name="write", policy_document=version, set_as_default=True)
    )
    assert (_may(account, WEB), _may(account, CHECKOUT)) == (False, True)


def test_a_token_that_is_out_follows_its_role(api: Any, account: Ram) -> None:
    _role(api)
    arn = f"acs:ram::{account.account_id}:role/writer"
    token = account.issue(arn, session_name="s1", session_policy=None, duration=900, now=NOW)

    def may() -> bool:
        return account.identify(token.id, token.security_token).allows("log:PutLogs", WEB, now=NOW)

    assert not may()
    _policy(api, _allow("log:PutLogs", WEB))
    assert may()
    names = {"policy_type": "Custom", "policy_name": "write", "role_name": "writer"}
    api.detach_policy_from_role(models.DetachPolicyFromRoleRequest(**names))
    assert not may()


def test_a_policy_under_a_condition_is_kept_and_grants_nothing(api: Any, account: Ram) -> None:
    _role(api)
    document = _allow("log:PutLogs", WEB, Condition={"IpAddress": {"acs:SourceIp": "10.0.0.1"}})
    _policy(api, document)
    found = api.get_policy(models.GetPolicyRequest(policy_name="write", policy_type="Custom")).body
    assert json.loads(found.default_policy_version.policy_document) == document
    assert not _may(account, WEB)


def test_a_role_trusts_the_principals_in_its_document(api: Any, account: Ram) -> None:
    _role(api, trusted="log.aliyuncs.com")
    assert account.role(f"acs:ram::{account.account_id}:role/writer").trusted == ("log.aliyuncs.com",)


@pytest.mark.parametrize("document", ["", "[]", "{", '{"Version": "2"}', '{"Version": "1", "Statement": []}'])
def test_an_invalid_document_is_refused(api: Any, document: str) -> None:
    with pytest.raises(ClientException) as refused:
        api.create_policy(models.CreatePolicyRequest(policy_name="write", policy_document=document))
    assert refused.value.code in ("MalformedPolicyDocument", "MissingPolicyDocument")


def test_sts_says_who_is_calling(account: Ram) -> None:
    role = account.add_role("writer", trusted=["fc.aliyuncs.com"], policies=[])
    user = account.add_user("ops", [])
    token = account.issue(role, session_name="s1", session_policy=None, duration=900, now=1e10)
    with Server(StsStandIn(account).app) as server:
        address = server.url.removeprefix("http://")

        def asked(*keys: str) -> Any:
            names = dict(zip(("access_key_id", "access_key_secret", "security_token"), keys, strict=False))
            config = Config(**names, endpoint=address, protocol="http")
            return StsClient(config).get_caller_identity().body

        me = asked(user.id, user.secret)
        assert (me.account_id, me.identity_type) == (account.account_id, "RAMUser")
        assert me.arn == f"acs:ram::{account.account_id}:user/ops"
        session = asked(token.id, token.secret, token.security_token)
        assert session.identity_type == "AssumedRoleUser"
        assert session.arn == f"acs:ram::{account.account_id}:assumed-role/writer/s1"
        assert session.principal_id == f"{account.role(role).id}:s1"
