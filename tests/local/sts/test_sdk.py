"""The official client over HTTP, with both signatures."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from alibabacloud_sts20150401.models import AssumeRoleRequest

from local.faults import Fault
from local.ram import UnknownToken
from tests.local.sts.cloud import (
    CALLER,
    ROLE,
    WRITE_ALL,
    account,
    client,
    compact,
    may_assume,
    policy,
    refusal,
)
from tests.local.sts.conftest import Cloud

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")  # the SDK's own, on 3.12

WEB = "acs:log:cn-hangzhou:1:project/shop/logstore/web"
CHECKOUT = "acs:log:cn-hangzhou:1:project/shop/logstore/checkout"


@pytest.mark.parametrize("algorithm", [None, "v2"], ids=["acs3", "rpc-v1"])
def test_the_official_client_gets_a_token_that_works(cloud: Cloud, algorithm: str | None) -> None:
    sts = client(cloud.port, *cloud.key, algorithm=algorithm)
    body = sts.assume_role(
        AssumeRoleRequest(
            role_arn=ROLE,
            role_session_name="page.1@x_y-z",
            duration_seconds=900,
            policy=compact(policy({"Effect": "Allow", "Action": "log:PutLogs", "Resource": WEB})),
        )
    ).body
    assert body.assumed_role_user.arn == f"{ROLE}/page.1@x_y-z"
    assert body.assumed_role_user.assumed_role_id.endswith(":page.1@x_y-z")
    identity = cloud.ram.identify(body.credentials.access_key_id, body.credentials.security_token)
    assert identity.secret == body.credentials.access_key_secret
    assert identity.allows("log:PutLogs", WEB, now=time.time())
    assert not identity.allows("log:PutLogs", CHECKOUT, now=time.time())
    expires = datetime.fromisoformat(body.credentials.expiration.replace("Z", "+00:00")).timestamp()
    assert identity.expires is not None
    assert 0 <= identity.expires - expires < 1
    assert expires - time.time() == pytest.approx(900, abs=30)


def test_a_policy_with_spaces_and_other_scripts_is_signed_and_understood(cloud: Cloud) -> None:
    odd = "acs:log:*:*:project/shop/logstore/ü ~*'()+%2F"
    wanted = compact(policy({"Effect": "Allow", "Action": "log:PutLogs", "Resource": odd}))
    for algorithm in (None, "v2"):
        sts = client(cloud.port, *cloud.key, algorithm=algorithm)
        request = AssumeRoleRequest(role_arn=ROLE, role_session_name="tests", policy=wanted)
        assert sts.assume_role(request).body.credentials.access_key_id.startswith("STS.")


@pytest.mark.parametrize("algorithm", [None, "v2"], ids=["acs3", "rpc-v1"])
def test_a_wrong_secret_is_refused(cloud: Cloud, algorithm: str | None) -> None:
    sts = client(cloud.port, cloud.key.id, "wrong", algorithm=algorithm)
    assert refusal(sts) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize("algorithm", [None, "v2"], ids=["acs3", "rpc-v1"])
def test_an_unknown_key_is_refused(cloud: Cloud, algorithm: str | None) -> None:
    sts = client(cloud.port, "LTAI5tNobody", "secret", algorithm=algorithm)
    assert refusal(sts) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"role_arn": None}, (400, "MissingRoleArn")),
        ({"role_session_name": None}, (400, "MissingRoleSessionName")),
        ({"role_arn": "sls-web-tracking"}, (400, "InvalidParameter.RoleArn")),
        ({"role_session_name": "a"}, (400, "InvalidParameter.RoleSessionName")),
        ({"role_session_name": "a" * 65}, (400, "InvalidParameter.RoleSessionName")),
        ({"role_session_name": "a b"}, (400, "InvalidParameter.RoleSessionName")),
        ({"role_session_name": "ab\n"}, (400, "InvalidParameter.RoleSessionName")),
        ({"duration_seconds": 899}, (400, "InvalidParameter.DurationSeconds")),
        ({"duration_seconds": 7201}, (400, "InvalidParameter.DurationSeconds")),
        ({"duration_seconds": "soon"}, (400, "InvalidParameter.DurationSeconds")),
        ({"policy": "{"}, (400, "InvalidParameter.PolicyGrammar")),
        ({"policy": '{"Version":"1","Statement":[]}'}, (400, "InvalidParameter.PolicyGrammar")),
        ({"policy": "[" * 2048}, (400, "InvalidParameter.PolicyGrammar")),
        ({"policy": " " * 2049}, (400, "InvalidParameter.PolicySize")),
    ],
)
def test_a_parameter_out_of_bounds_is_refused(
    cloud: Cloud, parameters: dict[str, object], expected: tuple[int, str]
) -> None:
    assert refusal(client(cloud.port, *cloud.key), **parameters) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"role_session_name": "ab"},
        {"role_session_name": "a" * 64},
        {"duration_seconds": 900},
        {"duration_seconds": 7200},
        {"policy": compact(policy(WRITE_ALL)).ljust(2048)},
    ],
)
def test_a_parameter_at_its_bound_is_accepted(cloud: Cloud, parameters: dict[str, object]) -> None:
    request = AssumeRoleRequest(**{"role_arn": ROLE, "role_session_name": "tests", **parameters})
    credentials = client(cloud.port, *cloud.key).assume_role(request).body.credentials
    assert credentials.security_token


def test_a_caller_without_the_right_to_assume_is_refused(cloud: Cloud) -> None:
    key = cloud.ram.add_user("caller", [policy(WRITE_ALL)])
    assert refusal(client(cloud.port, *key)) == (403, "NoPermission")


def test_a_caller_that_the_role_does_not_trust_is_refused(cloud: Cloud) -> None:
    key = cloud.ram.add_user("stranger", [may_assume()])
    assert refusal(client(cloud.port, *key)) == (403, "NoPermission")


def test_permission_to_assume_one_role_does_not_allow_another(cloud: Cloud) -> None:
    other = cloud.ram.add_role("other", trusted=[CALLER], policies=[])
    assert refusal(client(cloud.port, *cloud.key), role_arn=other) == (403, "NoPermission")


def test_a_role_that_does_not_exist_is_refused(cloud: Cloud) -> None:
    key = cloud.ram.add_user("caller", [may_assume("*")])
    missing = ROLE + "-not"
    assert refusal(client(cloud.port, *key), role_arn=missing) == (404, "EntityNotExist.Role")


def test_a_session_of_a_role_may_call_if_its_policy_allows(cloud: Cloud) -> None:
    function = cloud.ram.add_role("function", trusted=["fc.aliyuncs.com"], policies=[may_assume()])
    cloud.ram.add_role("sls-web-tracking", trusted=[function], policies=[policy(WRITE_ALL)])
    token = cloud.ram.issue(function, session_name="fc", session_policy=None, duration=900, now=time.time())
    for algorithm in (None, "v2"):
        sts = client(cloud.port, token.id, token.secret, token.security_token, algorithm=algorithm)
        answer = sts.assume_role(AssumeRoleRequest(role_arn=ROLE, role_session_name="tests"))
        assert answer.body.credentials.security_token != token.security_token


def test_a_token_restricted_by_a_session_policy_may_not_assume_a_role(cloud: Cloud) -> None:
    token = cloud.ram.issue(
        cloud.ram.add_role("function", trusted=["fc.aliyuncs.com"], policies=[may_assume("*")]),
        session_name="fc",
        session_policy=policy(WRITE_ALL),
        duration=900,
        now=time.time(),
    )
    sts = client(cloud.port, token.id, token.secret, token.security_token)
    assert refusal(sts) == (403, "NoPermission")


def test_an_expired_token_is_refused(cloud: Cloud) -> None:
    role = cloud.ram.add_role("function", trusted=["fc.aliyuncs.com"], policies=[may_assume()])
    token = cloud.ram.issue(role, session_name="fc", session_policy=None, duration=900, now=time.time() - 901)
    sts = client(cloud.port, token.id, token.secret, token.security_token)
    assert refusal(sts) == (400, "InvalidSecurityToken.Expired")


def test_a_token_without_its_security_token_is_refused(cloud: Cloud) -> None:
    token = cloud.ram.issue(ROLE, session_name="fc", session_policy=None, duration=900, now=time.time())
    assert refusal(client(cloud.port, token.id, token.secret)) == (400, "MissingSecurityToken")
    mismatched = client(cloud.port, token.id, token.secret, "CAISother")
    assert refusal(mismatched) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
    with pytest.raises(UnknownToken):
        cloud.ram.identify(token.id, None)


def test_throttling_on_demand_looks_like_that_of_sts(cloud: Cloud) -> None:
    cloud.sts.faults.add(Fault.status(400, code="Throttling.User"), times=1)
    sts = client(cloud.port, *cloud.key)
    assert refusal(sts) == (400, "Throttling.User")
    assert sts.assume_role(AssumeRoleRequest(role_arn=ROLE, role_session_name="tests")).body.credentials
    assert cloud.sts.faults.seen == 2


def test_the_account_used_here_is_the_one_the_tests_mean() -> None:
    ram, key = account()
    assert ram.identify(key.id, None).arn == CALLER
