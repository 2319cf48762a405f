"""Existing resources that differ: they are shown, and changed only if nothing is removed without consent."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from local.ram.policy import Decision, evaluate
from tests.ops.provision.cloud import ACCOUNT, Cloud, Provision

WEB = "acs:log:*:*:project/shop-logs/logstore/web"
CHECKOUT = "acs:log:*:*:project/shop-logs/logstore/checkout"
TRACK = ("Custom", "sls-webtracking-track")
TOKEN_ROLE = f"acs:ram::{ACCOUNT}:role/sls-webtracking-token"
WHOLE_ACCOUNT = f"acs:ram::{ACCOUNT}:root"


@pytest.fixture
def done(cloud: Cloud, provisioned: Provision) -> Cloud:
    """An account on which the command was applied; each test then changes one thing."""
    before = provisioned.cloud
    cloud.ram.roles, cloud.ram.policies = deepcopy((before.ram.roles, before.ram.policies))
    cloud.sls.projects, cloud.sls.indexes = deepcopy((before.sls.projects, before.sls.indexes))
    return cloud


def test_webtracking_that_is_on_is_shown_and_left_on(cloud: Cloud, provision: Provision) -> None:
    logstore = cloud.sls.add_logstore("shop-logs", "web", enable_tracking=True)
    assert provision("--apply") == 2
    assert "any client can bypass the functions" in provision.line("! Logstore web")
    assert "--close-webtracking" in provision.line("! Logstore web")
    assert logstore["enable_tracking"] is True


def test_webtracking_is_turned_off_on_request_and_nothing_else_of_the_logstore_changes(
    cloud: Cloud, provision: Provision
) -> None:
    settings = {
        "enable_tracking": True,
        "ttl": 90,
        "hot_ttl": 30,
        "mode": "standard",
        "infrequentAccessTTL": 30,
    }
    logstore = cloud.sls.add_logstore("shop-logs", "web", **settings)
    before = dict(logstore)
    assert provision("--apply", "--close-webtracking") == 0
    assert logstore == {**before, "enable_tracking": False}


def test_the_senders_address_is_turned_on_and_the_retention_kept(cloud: Cloud, provision: Provision) -> None:
    logstore = cloud.sls.add_logstore("shop-logs", "web", appendMeta=False, ttl=365)
    before = dict(logstore)
    assert provision("--apply", "--retention-days", "7") == 0
    assert logstore == {**before, "appendMeta": True}


def test_an_existing_index_stays(cloud: Cloud, provision: Provision) -> None:
    cloud.sls.add_logstore("shop-logs", "web")
    theirs = {"keys": {"page": {"type": "text", "token": [","], "doc_value": True}}}
    cloud.sls.indexes[("shop-logs", "web")] = theirs
    assert provision("--apply") == 0
    assert cloud.sls.indexes[("shop-logs", "web")] is theirs


def test_a_logstore_more_widens_the_policies_by_exactly_that(done: Cloud, provision: Provision) -> None:
    assert provision("--apply", logstores="web,checkout") == 0
    policy = [done.ram.policies[TRACK][-1]]
    assert evaluate(policy, "log:PostLogStoreLogs", WEB) is Decision.ALLOW
    assert evaluate(policy, "log:PostLogStoreLogs", CHECKOUT) is Decision.ALLOW
    assert evaluate(policy, "log:PostLogStoreLogs", WEB.replace("web", "other")) is Decision.SILENT


def test_a_policy_that_is_widened_keeps_its_former_version(done: Cloud, provision: Provision) -> None:
    former = done.ram.policies[TRACK][0]
    provision("--apply", logstores="web,checkout")
    assert done.ram.policies[TRACK][0] == former


def test_a_logstore_less_is_shown_as_a_right_too_many_and_not_taken_away(
    done: Cloud, provision: Provision
) -> None:
    provision("--apply", logstores="web,checkout")
    assert provision("--apply", logstores="web") == 2
    assert CHECKOUT in provision.line("! policy sls-webtracking-track")
    assert evaluate([done.ram.policies[TRACK][-1]], "log:PostLogStoreLogs", CHECKOUT) is Decision.ALLOW


def test_enforce_removes_the_excess_permission(done: Cloud, provision: Provision) -> None:
    provision("--apply", logstores="web,checkout")
    assert provision("--apply", "--enforce", logstores="web") == 0
    assert evaluate([done.ram.policies[TRACK][-1]], "log:PostLogStoreLogs", CHECKOUT) is Decision.SILENT
    assert evaluate([done.ram.policies[TRACK][-1]], "log:PostLogStoreLogs", WEB) is Decision.ALLOW


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "log:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["log:GetLogStoreLogs"], "Resource": [WEB]},
        {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"},
    ],
)
def test_a_policy_wider_than_it_need_be_is_shown_and_left(
    done: Cloud, provision: Provision, statement: dict[str, Any]
) -> None:
    policy = done.ram.policies[TRACK]
    policy[-1]["Statement"].append(statement)
    assert provision("--apply") == 2
    assert "allows more than needed" in provision.line("! policy sls-webtracking-track")
    assert len(policy) == 1


def test_a_right_that_is_denied_counts_as_missing_and_the_denial_stays(
    done: Cloud, provision: Provision
) -> None:
    deny = {"Effect": "Deny", "Action": "log:*", "Resource": "*"}
    done.ram.policies[TRACK][-1]["Statement"].append(deny)
    assert provision("--apply") == 2
    assert "denies log:PostLogStoreLogs" in provision.line("! policy sls-webtracking-track")
    assert deny in done.ram.policies[TRACK][-1]["Statement"]


def test_enforce_removes_a_denial(done: Cloud, provision: Provision) -> None:
    deny = {"Effect": "Deny", "Action": "log:*", "Resource": "*"}
    done.ram.policies[TRACK][-1]["Statement"].append(deny)
    assert provision("--apply", "--enforce") == 0
    assert evaluate([done.ram.policies[TRACK][-1]], "log:PostLogStoreLogs", WEB) is Decision.ALLOW


def test_a_role_that_trusts_the_whole_account_is_shown_and_left(done: Cloud, provision: Provision) -> None:
    _trust(done, "sls-web-tracking", {"RAM": [WHOLE_ACCOUNT]})
    assert provision("--apply") == 2
    assert WHOLE_ACCOUNT in provision.line("! role sls-web-tracking")
    assert _trusted(done, "sls-web-tracking") == {"RAM": [WHOLE_ACCOUNT]}


def test_enforce_replaces_the_trust_of_a_role(done: Cloud, provision: Provision) -> None:
    _trust(done, "sls-web-tracking", {"RAM": [WHOLE_ACCOUNT, TOKEN_ROLE]})
    assert provision("--apply", "--enforce") == 0
    assert _trusted(done, "sls-web-tracking") == {"RAM": [TOKEN_ROLE]}


def test_a_role_of_the_same_name_for_another_purpose_is_not_opened_to_function_compute(
    done: Cloud, provision: Provision
) -> None:
    _trust(done, "sls-webtracking-track", {"Service": ["ecs.aliyuncs.com"]})
    assert provision("--apply") == 2
    assert "--suffix" in provision.line("! role sls-webtracking-track")
    assert _trusted(done, "sls-webtracking-track") == {"Service": ["ecs.aliyuncs.com"]}


def test_an_additional_attached_policy_is_shown_and_never_detached(done: Cloud, provision: Provision) -> None:
    done.ram.policies[("System", "AliyunLogFullAccess")] = [
        {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}
    ]
    done.ram.roles["sls-web-tracking"].policies.add(("System", "AliyunLogFullAccess"))
    assert provision("--apply", "--enforce") == 2
    assert "log:* on *" in provision.line("! policy AliyunLogFullAccess on role sls-web-tracking")
    assert ("System", "AliyunLogFullAccess") in done.ram.roles["sls-web-tracking"].policies


def test_the_policy_of_alibaba_clouds_guide_beside_ours_is_no_difference(
    done: Cloud, provision: Provision
) -> None:
    grant = {"Effect": "Allow", "Action": ["log:PostLogStoreLogs", "log:PutLogs"], "Resource": [WEB]}
    done.ram.policies[("Custom", "post-logs-policy")] = [{"Version": "1", "Statement": [grant]}]
    done.ram.roles["sls-web-tracking"].policies.add(("Custom", "post-logs-policy"))
    assert provision() == 0


def test_sessions_too_short_for_the_tokens_are_lengthened(done: Cloud, provision: Provision) -> None:
    assert provision("--apply", "--token-seconds", "43200") == 0
    assert done.ram.roles["sls-web-tracking"].max_session == 43200


def test_sessions_longer_than_the_tokens_stay(done: Cloud, provision: Provision) -> None:
    done.ram.roles["sls-web-tracking"].max_session = 43200
    assert provision("--apply", "--token-seconds", "900") == 0
    assert done.ram.roles["sls-web-tracking"].max_session == 43200


def _trust(cloud: Cloud, role: str, principal: dict[str, list[str]]) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    cloud.ram.roles[role].trust = {"Version": "1", "Statement": [statement]}


def _trusted(cloud: Cloud, role: str) -> dict[str, list[str]]:
    (statement,) = cloud.ram.roles[role].trust["Statement"]
    principal: dict[str, list[str]] = statement["Principal"]
    return principal
