"""The spool's bucket and the functions' permissions for it."""

from __future__ import annotations

from typing import Any

import pytest

from local.ram.policy import Decision, evaluate
from ops.provision.bucket import PENDING_DAYS, REJECTED_DAYS, TAKEN_DAYS, bucket_steps
from ops.provision.clients import Credentials, oss_client
from ops.provision.oss import Expiry, FoundBucket, SpoolBucket
from ops.provision.plan import State, Step
from ops.provision.wanted import InvalidTarget, Spool, Target
from tests.ops.provision.cloud import ACCOUNT, REGION, Cloud, Provision

BUCKET = "shop-spool"
SPOOL = ["--spool-bucket", BUCKET]
PENDING, REJECTED = "webtracking-spool/pending/", "webtracking-spool/rejected/"
OBJECT = f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:{BUCKET}/{PENDING}x.json.gz"
REJECT = f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:{BUCKET}/{REJECTED}x.json.gz"
BESIDE = f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:{BUCKET}/other/x.json.gz"
WHOLE = f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:{BUCKET}"
WEB = "acs:log:cn-hangzhou:1:project/shop-logs/logstore/web"


def _bucket(cloud: Cloud) -> SpoolBucket:
    endpoint = cloud.options[cloud.options.index("--oss-endpoint") + 1]
    return SpoolBucket(oss_client(Credentials(*cloud.key), REGION, endpoint), BUCKET)


def test_without_a_spool_neither_bucket_nor_role_nor_right_is_asked_for(provisioned: Provision) -> None:
    assert not [word for word in ("bucket", "oss:", "replay", "SPOOL") if word in provisioned.out]


def test_a_plan_names_what_the_spool_needs_and_creates_nothing(cloud: Cloud, provision: Provision) -> None:
    assert provision(*SPOOL) == 2
    created = [line.partition(":")[0] for line in provision.out.splitlines() if line.startswith("+")]
    assert created[5:8] == [
        f"+ bucket {BUCKET}",
        f"+ lifecycle of {PENDING}",
        f"+ lifecycle of {REJECTED}",
    ]
    assert created[-3:] == [
        "+ role sls-webtracking-replay",
        "+ policy sls-webtracking-replay",
        "+ policy sls-webtracking-replay on role sls-webtracking-replay",
    ]
    assert _bucket(cloud).find() is None


def test_applying_makes_a_closed_and_encrypted_bucket_and_leaves_nothing_to_do(
    cloud: Cloud, provision: Provision
) -> None:
    assert provision(*SPOOL, "--apply") == 0
    assert _bucket(cloud).find() == FoundBucket(REGION, "private", True, True, False)
    assert provision(*SPOOL) == 0
    assert provision.line(f"✓ bucket {BUCKET}").endswith("private, public access blocked, encrypted")


def test_nothing_is_deleted_while_sls_would_still_accept_it(cloud: Cloud, provision: Provision) -> None:
    provision(*SPOOL, "--apply")
    rules = _bucket(cloud).expiries()
    assert rules == [Expiry(PENDING, PENDING_DAYS), Expiry(REJECTED, REJECTED_DAYS)]
    assert PENDING_DAYS > REJECTED_DAYS > TAKEN_DAYS


def test_it_ends_with_the_variables_that_the_deployment_reads(provision: Provision) -> None:
    provision(*SPOOL, "--apply")
    lines = provision.out.partition("for s.yaml:\n")[2].splitlines()
    assert lines[-3:] == [
        f"SPOOL_OSS_BUCKET={BUCKET}",
        "SPOOL_PREFIX=webtracking-spool/",
        f"REPLAY_ROLE_ARN=acs:ram::{ACCOUNT}:role/sls-webtracking-replay",
    ]


def test_track_may_add_batches_and_neither_read_nor_delete_any(cloud: Cloud, provision: Provision) -> None:
    provision(*SPOOL, "--apply")
    policies = _policies(cloud, "sls-webtracking-track")
    assert evaluate(policies, "log:PostLogStoreLogs", WEB) is Decision.ALLOW
    assert evaluate(policies, "oss:PutObject", OBJECT) is Decision.ALLOW
    for action, resource in [
        ("oss:PutObject", REJECT),
        ("oss:PutObject", BESIDE),
        ("oss:GetObject", OBJECT),
        ("oss:DeleteObject", OBJECT),
        ("oss:ListObjects", WHOLE),
    ]:
        assert evaluate(policies, action, resource) is Decision.SILENT


def test_replay_may_empty_the_spool_and_touch_nothing_beside_it(cloud: Cloud, provision: Provision) -> None:
    provision(*SPOOL, "--apply")
    policies = _policies(cloud, "sls-webtracking-replay")
    allowed = [("log:PostLogStoreLogs", WEB), ("oss:ListObjects", WHOLE), ("oss:PutObject", REJECT)]
    allowed += [("oss:GetObject", OBJECT), ("oss:DeleteObject", OBJECT)]
    for action, resource in allowed:
        assert evaluate(policies, action, resource) is Decision.ALLOW
    for action in ("oss:GetObject", "oss:PutObject", "oss:DeleteObject"):
        assert evaluate(policies, action, BESIDE) is Decision.SILENT
    assert evaluate(policies, "log:GetLogStoreLogs", WEB) is Decision.SILENT


def test_the_token_and_the_pages_role_have_nothing_to_do_with_it(cloud: Cloud, provision: Provision) -> None:
    provision(*SPOOL, "--apply")
    for role in ("sls-webtracking-token", "sls-web-tracking"):
        assert evaluate(_policies(cloud, role), "oss:PutObject", OBJECT) is Decision.SILENT


def test_a_deployment_without_a_spool_gets_one_later(cloud: Cloud, provision: Provision) -> None:
    provision("--apply")
    assert provision(*SPOOL, "--apply") == 0
    assert "adds oss:PutObject on" in provision.out
    assert evaluate(_policies(cloud, "sls-webtracking-track"), "oss:PutObject", OBJECT) is Decision.ALLOW


def test_other_rules_of_the_bucket_stay(cloud: Cloud, provision: Provision) -> None:
    cloud.oss.create(BUCKET)
    _bucket(cloud).add_expiry("invoices/", 3650)
    assert provision(*SPOOL, "--apply") == 0
    assert Expiry("invoices/", 3650) in _bucket(cloud).expiries()
    assert len(_bucket(cloud).expiries()) == 3


def test_a_bucket_that_is_there_is_encrypted(cloud: Cloud, provision: Provision) -> None:
    cloud.oss.create(BUCKET)
    assert provision(*SPOOL, "--apply") == 0
    assert f"~ bucket {BUCKET}: done" in provision.out


def test_an_identity_without_permissions_in_oss_gets_the_reason(cloud: Cloud, provision: Provision) -> None:
    cloud.oss.create(BUCKET)
    everything_else = {"Effect": "Deny", "Action": "oss:*", "Resource": "*"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    key = cloud.account.add_user("half", [{"Version": "1", "Statement": [allow, everything_else]}])
    cloud.key = key
    assert provision(*SPOOL) == 1
    assert "AccessDenied" in provision.err
    assert "or the bucket belongs to another account" in provision.err


def test_an_endpoint_that_does_not_answer_is_one_line_and_no_stack(provision: Provision) -> None:
    assert provision(*SPOOL, "--oss-endpoint", "http://127.0.0.1:9") == 1
    assert provision.err.startswith("provision: RequestError")
    assert len(provision.err.splitlines()) == 1


@pytest.mark.parametrize(
    "spool",
    [
        Spool("ab"),
        Spool("a" * 64),
        Spool("Shop"),
        Spool("-shop"),
        Spool("shop_spool"),
        Spool(BUCKET, "spool"),
        Spool(BUCKET, "/spool/"),
        Spool(BUCKET, "a//b/"),
        Spool(BUCKET, "a/../b/"),
        Spool(BUCKET, "a/./b/"),
        Spool(BUCKET, " a/"),
        Spool(f"{BUCKET} "),
        Spool(BUCKET, "spöol/"),
        Spool(BUCKET, "a" * 128 + "/"),
        Spool(BUCKET, ""),
    ],
)
def test_a_name_that_oss_would_refuse_is_refused_before_any_call(spool: Spool) -> None:
    with pytest.raises(InvalidTarget, match=r"SPOOL_(OSS_BUCKET|PREFIX) |must not be empty"):
        Target(REGION, "shop-logs", ("web",), spool=spool)


@pytest.mark.parametrize(
    "spool", [Spool("abc"), Spool("a" * 63), Spool(BUCKET, "a/.b/C-_9/"), Spool(BUCKET, "a" * 127 + "/")]
)
def test_a_name_at_its_limit_passes(spool: Spool) -> None:
    assert Target(REGION, "shop-logs", ("web",), spool=spool).spool == spool


SOUND = FoundBucket(REGION, "private", blocks_public_access=True, encrypted=True, versioned=False)
RULES = [Expiry(PENDING, PENDING_DAYS), Expiry(REJECTED, REJECTED_DAYS)]


class FakeBucket(SpoolBucket):
    """A bucket in states that the stand-in lacks: public, elsewhere, versioned. It records changes."""

    def __init__(self, found: FoundBucket, rules: list[Expiry]) -> None:
        self.name = BUCKET
        self._found, self._expiries = found, rules
        self.done: list[str] = []

    def find(self) -> FoundBucket:
        return self._found

    def expiries(self) -> list[Expiry]:
        return self._expiries

    def make_private(self) -> None:
        self.done.append("private")

    def block_public_access(self) -> None:
        self.done.append("blocked")


def _steps(bucket: FakeBucket, *, enforce: bool = False) -> list[Step]:
    return list(bucket_steps(bucket, Spool(BUCKET), REGION, enforce=enforce))


def test_a_sound_bucket_has_nothing_to_do() -> None:
    assert {step.state for step in _steps(FakeBucket(SOUND, RULES))} == {State.IN_PLACE}


@pytest.mark.parametrize(
    ("change", "word", "done"),
    [
        ({"acl": "public-read"}, "its ACL is public-read", "private"),
        ({"blocks_public_access": False}, "public access is not blocked", "blocked"),
    ],
)
def test_an_open_bucket_is_shown_and_closed_only_on_request(
    change: dict[str, Any], word: str, done: str
) -> None:
    bucket = FakeBucket(SOUND._replace(**change), RULES)
    (step, *_) = _steps(bucket)
    assert (step.state, step.do) == (State.LEFT_ALONE, None)
    assert word in step.detail
    (step, *_) = _steps(bucket, enforce=True)
    assert step.state is State.CHANGE
    assert step.do is not None
    step.do()
    assert bucket.done == [done]


def test_a_bucket_that_keeps_versions_is_shown() -> None:
    (step, *_) = _steps(FakeBucket(SOUND._replace(versioned=True), RULES), enforce=True)
    assert step.state is State.LEFT_ALONE
    assert "versioning keeps objects that replay deletes" in step.detail


def test_a_bucket_in_another_region_is_shown_and_not_touched() -> None:
    (step,) = _steps(FakeBucket(SOUND._replace(region="eu-central-1"), []), enforce=True)
    assert step.state is State.LEFT_ALONE
    assert "is in eu-central-1" in step.detail


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (Expiry("", 7), State.LEFT_ALONE),
        (Expiry("", 8), State.IN_PLACE),
        (Expiry("webtracking-spool/", 1), State.LEFT_ALONE),
        (Expiry(f"{PENDING}2026", 1), State.LEFT_ALONE),
        (Expiry(PENDING, None), State.LEFT_ALONE),
        (Expiry(PENDING, 365), State.IN_PLACE),
        (Expiry("other/", 1), State.CREATE),
    ],
)
def test_a_rule_that_deletes_too_early_is_shown_and_no_second_one_laid_over_it(
    rule: Expiry, state: State
) -> None:
    steps = _steps(FakeBucket(SOUND, [rule]), enforce=True)
    assert steps[1].what == f"lifecycle of {PENDING}"
    assert steps[1].state is state


def _policies(cloud: Cloud, role: str) -> list[dict[str, object]]:
    return [cloud.ram.policies[key][-1] for key in cloud.ram.roles[role].policies]
