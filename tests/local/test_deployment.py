from __future__ import annotations

import time

import pytest

from local.deployment import SPOOL_BUCKET, Deployment
from local.fc.function import Credentials, Function
from local.ram import Identity
from shared.settings import SettingError

WRITE, ASSUME = "log:PostLogStoreLogs", "sts:AssumeRole"
STORE = "acs:log:cn-hangzhou:1234567890123456:project/webtracking-demo/logstore/{}"
OBJECT = "acs:oss:oss-cn-hangzhou:1234567890123456:{}/webtracking-spool/{}"
TARGET = "acs:ram::1234567890123456:role/sls-web-tracking"
OWN_KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIown", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "own"}


def acts_as(function: Function) -> Credentials:
    assert function.credentials is not None
    return function.credentials()


def identity(deployment: Deployment, function: Function) -> Identity:
    credentials = acts_as(function)
    return deployment.ram.identify(credentials.access_key_id, credentials.security_token)


def test_track_may_only_write_to_the_configured_logstores() -> None:
    deployment = Deployment({})
    track = identity(deployment, deployment.track("http://sls", "http://oss"))

    def may(action: str, resource: str) -> bool:
        return track.allows(action, resource, now=time.time())

    assert may(WRITE, STORE.format("web-tracking-logstore"))
    assert may(WRITE, STORE.format("checkout"))
    assert not may(WRITE, STORE.format("other"))
    assert not may("log:GetLogStoreLogs", STORE.format("checkout"))
    assert not may(ASSUME, TARGET)
    assert track.expires is not None
    assert 35 * 3600 < track.expires - time.time() <= 36 * 3600


def test_track_may_add_to_the_spool_and_replay_may_empty_it_and_neither_more() -> None:
    deployment = Deployment({})
    track = identity(deployment, deployment.track("http://sls", "http://oss"))
    (function,) = deployment.timed("http://sls", "http://oss")
    replay = identity(deployment, function)
    waiting, rejected = (OBJECT.format(SPOOL_BUCKET, f"{part}/x.json.gz") for part in ("pending", "rejected"))
    bucket, other = f"acs:oss:oss-cn-hangzhou:1234567890123456:{SPOOL_BUCKET}", OBJECT.format("other", "x")

    def may(who: Identity, action: str, resource: str) -> bool:
        return who.allows(action, resource, now=time.time())

    assert may(track, "oss:PutObject", waiting)
    for action in ("oss:GetObject", "oss:DeleteObject"):
        assert not may(track, action, waiting)
        assert may(replay, action, waiting)
    assert not may(track, "oss:PutObject", rejected)
    assert not may(track, "oss:ListObjects", bucket)
    assert may(replay, "oss:PutObject", rejected)
    assert may(replay, "oss:ListObjects", bucket)
    assert may(replay, WRITE, STORE.format("checkout"))
    assert not may(replay, WRITE, STORE.format("other"))
    for who in (track, replay):
        assert not may(who, "oss:PutObject", other)
        assert not may(who, ASSUME, TARGET)
    assert (function.methods, function.instances, function.custom) == ((), 1, False)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "oss://webtracking-demo-spool/webtracking-spool/"),
        ({"SPOOL_OSS_BUCKET": "mine", "SPOOL_PREFIX": "a/b/"}, "oss://mine/a/b/"),
        ({"SPOOL_OSS_ENDPOINT": "http://oss.example"}, " at http://oss.example"),
        ({"SLS_ENDPOINT": "http://elsewhere", "SPOOL_OSS_BUCKET": "mine"}, "oss://mine/webtracking-spool/"),
    ],
)
def test_a_spool_is_where_the_settings_say(variables: dict[str, str], words: str) -> None:
    deployment = Deployment(variables)

    (replay,) = deployment.timed("http://sls", "http://oss")

    assert deployment.spool_for_display.endswith(words)
    for function in (deployment.track("http://sls", "http://oss"), replay):
        expected = {"SPOOL_OSS_BUCKET": SPOOL_BUCKET, "SPOOL_OSS_ENDPOINT": "http://oss", **variables}
        spool = {name: value for name, value in function.environment.items() if name.startswith("SPOOL_")}
        assert spool == {name: value for name, value in expected.items() if name.startswith("SPOOL_")}
    assert (deployment.local_spool is None) == ("SPOOL_OSS_ENDPOINT" in variables)


@pytest.mark.parametrize(
    "variables",
    [
        {"SPOOL_OSS_BUCKET": ""},
        {"SPOOL_OSS_BUCKET": " ", "SPOOL_PREFIX": "a/", "SPOOL_OSS_ENDPOINT": "http://oss"},
        {"SLS_ENDPOINT": "http://elsewhere"},
    ],
)
def test_without_a_bucket_there_is_no_spool_and_nothing_to_replay(variables: dict[str, str]) -> None:
    deployment = Deployment(variables)
    track = deployment.track("http://sls", "http://oss")

    assert deployment.spool_for_display.startswith("none")
    assert deployment.timed("http://sls", "http://oss") == []
    assert not [name for name in track.environment if name.startswith("SPOOL_")]
    assert not identity(deployment, track).allows(
        "oss:PutObject", OBJECT.format(SPOOL_BUCKET, "pending/x"), now=time.time()
    )


def test_token_may_assume_the_one_role_which_trusts_it_and_nothing_else() -> None:
    deployment = Deployment({})
    function = deployment.token("http://sts")
    token = identity(deployment, function)

    assert function.environment["STS_ROLE_ARN"] == TARGET
    assert token.allows(ASSUME, TARGET, now=time.time())
    assert token.trusted_by(deployment.ram.role(TARGET))
    assert not token.allows(ASSUME, TARGET + "-other", now=time.time())
    assert not token.allows(WRITE, STORE.format("checkout"), now=time.time())


def test_tracks_role_is_not_trusted_by_the_role_that_pages_write_with() -> None:
    deployment = Deployment({})
    deployment.token("http://sts")

    track = identity(deployment, deployment.track("http://sls", "http://oss"))

    assert not track.trusted_by(deployment.ram.role(TARGET))


def test_the_reader_may_read_the_project_and_not_write_to_it() -> None:
    deployment = Deployment({})
    reader = deployment.ram.identify(deployment.reader_key.id, None)

    assert reader.allows("log:GetLogStoreLogs", STORE.format("checkout"), now=0)
    assert not reader.allows(WRITE, STORE.format("checkout"), now=0)


def test_each_function_gets_its_own_settings_and_nothing_else_of_the_environment() -> None:
    deployment = Deployment(
        {
            "CLIENT_IP": "off",
            "TOKEN_DURATION_SECONDS": "900",
            "REQUEST_LOG": "problems",
            "HOME": "/root",
            "ORIGIN_MODE": " ",
        }
    )

    track, token = deployment.track("http://sls", "http://oss"), deployment.token("http://sts")
    (replay,) = deployment.timed("http://sls", "http://oss")

    assert track.environment == {
        "SLS_PROJECT": "webtracking-demo",
        "SLS_LOGSTORES": "web-tracking-logstore,checkout",
        "SLS_ENDPOINT": "http://sls",
        "SPOOL_OSS_BUCKET": SPOOL_BUCKET,
        "SPOOL_OSS_ENDPOINT": "http://oss",
        "CLIENT_IP": "off",
        "REQUEST_LOG": "problems",
    }
    assert token.environment == {
        "SLS_PROJECT": "webtracking-demo",
        "SLS_LOGSTORES": "web-tracking-logstore,checkout",
        "STS_ENDPOINT": "http://sts",
        "STS_ROLE_ARN": TARGET,
        "TOKEN_DURATION_SECONDS": "900",
        "REQUEST_LOG": "problems",
    }
    assert replay.environment == {
        "SLS_PROJECT": "webtracking-demo",
        "SLS_LOGSTORES": "web-tracking-logstore,checkout",
        "SLS_ENDPOINT": "http://sls",
        "SPOOL_OSS_BUCKET": SPOOL_BUCKET,
        "SPOOL_OSS_ENDPOINT": "http://oss",
    }


def test_settings_in_the_environment_win_over_the_defaults() -> None:
    given = {
        "SLS_PROJECT": "mine",
        "SLS_LOGSTORES": "one-store, two-store",
        "SLS_ENDPOINT": "http://elsewhere",
    }

    deployment = Deployment(given)

    assert (deployment.project, deployment.logstores) == ("mine", ("one-store", "two-store"))
    assert deployment.track("http://sls", "http://oss").environment == given


def test_a_role_named_in_the_settings_is_the_one_that_exists() -> None:
    arn = "acs:ram::5550001112223334:role/writer"
    deployment = Deployment({"STS_ROLE_ARN": arn})

    token = deployment.token("http://sts")

    assert (token.environment["STS_ROLE_ARN"], token.account_id) == (arn, "5550001112223334")
    assert identity(deployment, token).trusted_by(deployment.ram.role(arn))


def test_keys_that_happen_to_be_exported_do_not_go_to_the_stand_ins() -> None:
    deployment = Deployment(OWN_KEYS)

    assert identity(deployment, deployment.track("http://sls", "http://oss")).arn.endswith(
        "role/sls-webtracking-track/fc"
    )


def test_keys_in_the_environment_are_used_for_a_real_endpoint() -> None:
    deployment = Deployment({**OWN_KEYS, "SLS_ENDPOINT": "cn-hangzhou.log.aliyuncs.com"})

    track, token = (
        acts_as(deployment.track("http://sls", "http://oss")),
        acts_as(deployment.token("http://sts")),
    )

    assert vars(track) == {"access_key_id": "LTAIown", "access_key_secret": "own", "security_token": ""}
    assert token.access_key_id != "LTAIown"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "any, as ALLOWED_ORIGINS is empty"),
        ({"ALLOWED_ORIGINS": "https://a.example"}, "https://a.example"),
        (
            {"ALLOWED_ORIGINS": "https://a.example", "ORIGIN_MODE": "audit"},
            "https://a.example (audit: others are logged and allowed)",
        ),
    ],
)
def test_the_origin_setting_is_described(variables: dict[str, str], words: str) -> None:
    assert Deployment(variables).origins == words


def test_functions_run_in_the_built_in_runtime_unless_the_setting_says_otherwise() -> None:
    for deployment in (Deployment({"CONCURRENCY": "5"}), Deployment({"FUNCTION_RUNTIME": "builtin"})):
        track = deployment.track("http://sls", "http://oss")

        assert (track.runtime, track.command, track.instance_concurrency) == ("python3.12", (), 1)
        assert deployment.runtime == "built-in, one request at a time in an instance"
        assert "CONCURRENCY" not in track.environment


@pytest.mark.parametrize(("given", "concurrency"), [({}, 64), ({"CONCURRENCY": "200"}, 200)])
def test_in_a_custom_runtime_both_that_have_triggers_are_servers_with_the_same_settings(
    given: dict[str, str], concurrency: int
) -> None:
    plain, deployment = Deployment({}), Deployment({"FUNCTION_RUNTIME": "custom", **given})
    assert not [function for function in deployment.timed("http://sls", "http://oss") if function.custom]
    pairs = [
        (plain.track("http://sls", "http://oss"), deployment.track("http://sls", "http://oss")),
        (plain.token("http://sts"), deployment.token("http://sts")),
    ]

    for builtin, function in pairs:
        assert function.custom
        assert function.command[:3] == ("{python}", "-m", f"functions.{function.name}")
        assert function.instance_concurrency == concurrency
        assert function.initializer
        assert function.pre_stop
        assert function.environment == {**builtin.environment, "CONCURRENCY": str(concurrency)}
    assert deployment.runtime == f"custom, up to {concurrency} requests at once in an instance"


@pytest.mark.parametrize(
    "variables",
    [
        {"SLS_PROJECT": "No Project"},
        {"SLS_LOGSTORES": "a,,b"},
        {"SLS_REGION": "?"},
        {"FUNCTION_RUNTIME": "Custom"},
        {"CONCURRENCY": "0"},
        {"CONCURRENCY": "201"},
        {"SPOOL_OSS_BUCKET": "No_Bucket"},
        {"SPOOL_PREFIX": "/a/"},
    ],
)
def test_a_setting_that_the_functions_would_refuse_is_refused_in_their_words(
    variables: dict[str, str],
) -> None:
    (name,) = variables

    with pytest.raises(SettingError, match=f"^{name} has the value .*; expected"):
        Deployment(variables)
