"""From an empty account to a complete one."""

from __future__ import annotations

from pathlib import Path

from local.ram.policy import Decision, evaluate
from tests.ops.provision.cloud import ACCOUNT, Cloud, Provision

READS = {
    *("GetCallerIdentity", "GetRole", "GetPolicy", "ListPoliciesForRole"),
    *("get_project", "get_logstore", "get_index"),
}
FUNCTION_LOGS = "acs:log:cn-hangzhou:1:project/shop-logs/logstore/function-logs"
WEB = "acs:log:cn-hangzhou:1:project/shop-logs/logstore/web"
OTHER = "acs:log:cn-hangzhou:1:project/shop-logs/logstore/other"


def test_a_plan_only_reads(cloud: Cloud, provision: Provision) -> None:
    assert provision() == 2
    assert cloud.calls() <= READS
    assert "nothing was changed; use --apply to execute the plan" in provision.out


def test_a_plan_names_everything_that_is_missing(provision: Provision) -> None:
    provision()
    created = [line.partition(":")[0] for line in provision.out.splitlines() if line.startswith("+")]
    assert created == [
        "+ Project shop-logs",
        "+ Logstore web",
        "+ index of web",
        "+ Logstore function-logs",
        "+ index of function-logs",
        "+ role sls-webtracking-track",
        "+ policy sls-webtracking-track",
        "+ policy sls-webtracking-track on role sls-webtracking-track",
        "+ role sls-webtracking-token",
        "+ policy sls-webtracking-token",
        "+ policy sls-webtracking-token on role sls-webtracking-token",
        "+ role sls-web-tracking",
        "+ policy sls-web-tracking-write",
        "+ policy sls-web-tracking-write on role sls-web-tracking",
    ]


def test_applying_leaves_nothing_to_do(provision: Provision) -> None:
    assert provision("--apply") == 0
    assert provision() == 0
    assert {line[0] for line in provision.out.splitlines()[1:15]} == {"✓"}


def test_a_second_run_changes_nothing(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    cloud.calls()
    assert provision("--apply") == 0
    assert cloud.calls() <= READS


def test_the_logstore_is_closed_to_the_public_and_records_the_sender(provisioned: Provision) -> None:
    logstore = provisioned.cloud.sls.projects["shop-logs"]["web"]
    assert (logstore["enable_tracking"], logstore["appendMeta"], logstore["ttl"]) == (False, True, 7)


def test_the_index_finds_keys_by_itself(provisioned: Provision) -> None:
    assert provisioned.cloud.sls.indexes[("shop-logs", "web")]["line"]["auto_key_detect"] is True


def test_the_track_function_may_write_to_its_logstore_and_nothing_else(provisioned: Provision) -> None:
    policies = _policies(provisioned.cloud, "sls-webtracking-track")
    assert evaluate(policies, "log:PostLogStoreLogs", WEB) is Decision.ALLOW
    assert evaluate(policies, "log:PostLogStoreLogs", OTHER) is Decision.SILENT
    assert evaluate(policies, "log:PostLogStoreLogs", FUNCTION_LOGS) is Decision.SILENT
    assert evaluate(policies, "log:GetLogStoreLogs", WEB) is Decision.SILENT
    assert evaluate(policies, "sts:AssumeRole", _arn("sls-web-tracking")) is Decision.SILENT


def test_the_token_function_may_assume_one_role_and_nothing_else(provisioned: Provision) -> None:
    policies = _policies(provisioned.cloud, "sls-webtracking-token")
    assert evaluate(policies, "sts:AssumeRole", _arn("sls-web-tracking")) is Decision.ALLOW
    assert evaluate(policies, "sts:AssumeRole", _arn("admin")) is Decision.SILENT
    assert evaluate(policies, "log:PostLogStoreLogs", WEB) is Decision.SILENT


def test_only_function_compute_can_assume_the_functions_roles(provisioned: Provision) -> None:
    for name in ("sls-webtracking-track", "sls-webtracking-token"):
        assert _principals(provisioned.cloud, name) == {"Service": ["fc.aliyuncs.com"]}


def test_only_the_token_function_can_assume_the_pages_role(provisioned: Provision) -> None:
    assert _principals(provisioned.cloud, "sls-web-tracking") == {"RAM": [_arn("sls-webtracking-token")]}


def test_it_ends_with_the_variables_that_the_deployment_reads(provision: Provision) -> None:
    provision("--apply", "--token-seconds", "900", logstores="web, checkout")
    assert provision.out.partition("for s.yaml:\n")[2].splitlines() == [
        "DEPLOY_REGION=cn-hangzhou",
        "SLS_PROJECT=shop-logs",
        "SLS_LOGSTORES=web,checkout",
        "FUNCTION_LOGSTORE=function-logs",
        f"TRACK_ROLE_ARN={_arn('sls-webtracking-track')}",
        f"TOKEN_ROLE_ARN={_arn('sls-webtracking-token')}",
        f"STS_ROLE_ARN={_arn('sls-web-tracking')}",
        "TOKEN_DURATION_SECONDS=900",
    ]


def test_the_env_file_keeps_what_the_operator_wrote_in_it(provision: Provision, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("ALLOWED_ORIGINS=https://shop.example.com\nSLS_PROJECT=old\n")
    provision("--apply", "--env-file", str(env))
    lines = env.read_text().splitlines()
    assert lines[:2] == ["ALLOWED_ORIGINS=https://shop.example.com", "SLS_PROJECT=shop-logs"]
    assert f"STS_ROLE_ARN={_arn('sls-web-tracking')}" in lines


def test_a_new_env_file_says_that_origins_are_still_to_be_chosen(
    provision: Provision, tmp_path: Path
) -> None:
    env = tmp_path / ".env"
    provision("--apply", "--env-file", str(env))
    assert env.read_text().splitlines()[-1].startswith("# ALLOWED_ORIGINS=")


def test_sessions_may_last_as_long_as_the_requested_tokens(cloud: Cloud, provision: Provision) -> None:
    provision("--apply", "--token-seconds", "7200")
    assert cloud.ram.roles["sls-web-tracking"].max_session == 7200


def test_a_suffix_keeps_a_second_deployment_apart(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    before = dict(cloud.ram.roles)
    assert provision("--apply", "--suffix=-staging", project="shop-logs-staging") == 0
    assert {name for name in cloud.ram.roles if name not in before} == {
        "sls-webtracking-track-staging",
        "sls-webtracking-token-staging",
        "sls-web-tracking-staging",
    }
    assert evaluate(_policies(cloud, "sls-webtracking-track"), "log:PostLogStoreLogs", WEB) is Decision.ALLOW


def test_no_call_ever_deletes_or_detaches(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    provision("--apply", "--enforce", "--close-webtracking", logstores="web,other")
    calls = cloud.calls()
    assert calls
    assert not [call for call in calls if call.lower().startswith(("delete", "detach"))]


def test_no_secret_is_printed(provisioned: Provision) -> None:
    assert provisioned.cloud.key.secret not in provisioned.out + provisioned.err


def _arn(role: str) -> str:
    return f"acs:ram::{ACCOUNT}:role/{role}"


def _policies(cloud: Cloud, role: str) -> list[dict[str, object]]:
    return [cloud.ram.policies[key][-1] for key in cloud.ram.roles[role].policies]


def _principals(cloud: Cloud, role: str) -> dict[str, list[str]]:
    (statement,) = cloud.ram.roles[role].trust["Statement"]
    principal: dict[str, list[str]] = statement["Principal"]
    return principal
