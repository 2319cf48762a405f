"""Interrupted and refused runs: their messages, and that the next run continues."""

from __future__ import annotations

import pytest

from local.sts.errors import StsError
from ops.provision import sls
from tests.ops.provision.cloud import Cloud, Provision

RAM_WRITES = ["CreateRole", "CreatePolicy", "AttachPolicyToRole"]


@pytest.mark.parametrize("action", RAM_WRITES)
def test_a_run_that_broke_off_is_finished_by_the_next(
    cloud: Cloud, provision: Provision, action: str
) -> None:
    cloud.ram.fail_on[action] = StsError(403, "NoPermission", "You are not authorized.")
    assert provision("--apply") == 1
    cloud.ram.fail_on.clear()
    assert provision("--apply") == 0
    assert set(cloud.ram.roles) == {"sls-webtracking-track", "sls-webtracking-token", "sls-web-tracking"}


def test_steps_done_before_a_failure_are_reported(cloud: Cloud, provision: Provision) -> None:
    cloud.ram.fail_on["CreateRole"] = StsError(403, "NoPermission", "You are not authorized.")
    provision("--apply")
    assert "+ index of web: done" in provision.out
    assert "role sls-webtracking-track: done" not in provision.out
    assert "NoPermission" in provision.err
    assert "docs/deploy.md lists them" in provision.err


def test_a_role_without_its_policy_gets_it(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    cloud.ram.roles["sls-webtracking-token"].policies.clear()
    assert provision("--apply") == 0
    assert cloud.ram.roles["sls-webtracking-token"].policies == {("Custom", "sls-webtracking-token")}


def test_a_new_project_that_is_not_known_everywhere_yet_is_waited_for(
    cloud: Cloud, provision: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sls, "POLL_SECONDS", 0.0)
    cloud.sls.delay = 3
    assert provision("--apply") == 0
    assert "web" in cloud.sls.projects["shop-logs"]


def test_waiting_for_a_new_project_ends_and_says_what_to_do(
    cloud: Cloud, provision: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sls, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(sls, "READY_SECONDS", 0.0)
    cloud.sls.delay = 1_000_000
    assert provision("--apply") == 1
    assert "ProjectNotExist" in provision.err
    assert "run this again in a minute" in provision.err


def test_a_project_of_another_account_is_explained(cloud: Cloud, provision: Provision) -> None:
    cloud.sls.taken.add("shop-logs")
    assert provision("--apply") == 1
    assert "or the Project belongs to another account" in provision.err


def test_a_policy_with_all_its_versions_is_explained(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    versions = cloud.ram.policies[("Custom", "sls-webtracking-track")]
    versions += [versions[0]] * 4
    assert provision("--apply", logstores="web,checkout") == 1
    assert "delete an old one in RAM" in provision.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--project", "Shop"], "'Shop' is not a valid Project name"),
        (["--logstores=-web"], "'-web' is not a valid Logstore name"),
        (["--logstores", ","], "at least one Logstore is required"),
        (["--function-logstore", "web"], "'web' is the functions' Logstore"),
        (["--suffix", "/x"], "'/x' is not a valid suffix"),
        (["--region", "Hangzhou"], "'Hangzhou' is not a valid region"),
        (["--token-seconds", "899"], "the lifetime of tokens must be 900 to 43200 seconds"),
        (["--token-seconds", "43201"], "the lifetime of tokens must be 900 to 43200 seconds"),
        (["--retention-days", "0"], "the retention must be 1 to 3650 days"),
    ],
)
def test_a_name_or_number_that_cannot_be_is_refused_before_any_call(
    cloud: Cloud, provision: Provision, arguments: list[str], complaint: str
) -> None:
    assert provision(*arguments) == 1
    assert complaint in provision.err
    assert not cloud.calls()


def test_a_wrong_secret_is_refused_by_the_service(cloud: Cloud, provision: Provision) -> None:
    cloud.key = cloud.key._replace(secret="wrong")
    assert provision() == 1
    assert "SignatureDoesNotMatch" in provision.err


def test_a_service_that_cannot_be_reached_is_one_line_and_no_stack(provision: Provision) -> None:
    assert provision("--sts-endpoint", "http://127.0.0.1:9") == 1
    assert provision.err.startswith("provision: ")
    assert len(provision.err.splitlines()) == 1
