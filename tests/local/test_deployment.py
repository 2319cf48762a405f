from __future__ import annotations

import time

import pytest

from local.deployment import Deployment
from local.fc.function import Credentials, Function
from local.ram import Identity
from shared.settings import SettingError

WRITE, ASSUME = "log:PostLogStoreLogs", "sts:AssumeRole"
STORE = "acs:log:cn-hangzhou:1234567890123456:project/webtracking-demo/logstore/{}"
TARGET = "acs:ram::1234567890123456:role/sls-web-tracking"
OWN_KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIown", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "own"}


def acts_as(function: Function) -> Credentials:
    assert function.credentials is not None
    return function.credentials()


def identity(deployment: Deployment, function: Function) -> Identity:
    credentials = acts_as(function)
    return deployment.ram.identify(credentials.access_key_id, credentials.security_token)


def test_track_may_write_to_the_configured_logstores_and_nothing_else() -> None:
    deployment = Deployment({})
    track = identity(deployment, deployment.track("http://sls"))

    def may(action: str, resource: str) -> bool:
        return track.allows(action, resource, now=time.time())

    assert may(WRITE, STORE.format("web-tracking-logstore"))
    assert may(WRITE, STORE.format("checkout"))
    assert not may(WRITE, STORE.format("other"))
    assert not may("log:GetLogStoreLogs", STORE.format("checkout"))
    assert not may(ASSUME, TARGET)
    assert track.expires is not None
    assert 35 * 3600 < track.expires - time.time() <= 36 * 3600


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

    track = identity(deployment, deployment.track("http://sls"))

    assert not track.trusted_by(deployment.ram.role(TARGET))


def test_the_reader_may_read_the_project_and_not_write_to_it() -> None:
    deployment = Deployment({})
    reader = deployment.ram.identify(deployment.reader_key.id, None)

    assert reader.allows("log:GetLogStoreLogs", STORE.format("checkout"), now=0)
    assert not reader.allows(WRITE, STORE.format("checkout"), now=0)


def test_each_function_gets_its_own_settings_and_nothing_else_of_the_environment() -> None:
    deployment = Deployment(
        {"CLIENT_IP": "off", "TOKEN_DURATION_SECONDS": "900", "HOME": "/root", "ORIGIN_MODE": " "}
    )

    track, token = deployment.track("http://sls"), deployment.token("http://sts")

    assert track.environment == {
        "SLS_PROJECT": "webtracking-demo",
        "SLS_LOGSTORES": "web-tracking-logstore,checkout",
        "SLS_ENDPOINT": "http://sls",
        "CLIENT_IP": "off",
    }
    assert token.environment == {
        "SLS_PROJECT": "webtracking-demo",
        "SLS_LOGSTORES": "web-tracking-logstore,checkout",
        "STS_ENDPOINT": "http://sts",
        "STS_ROLE_ARN": TARGET,
        "TOKEN_DURATION_SECONDS": "900",
    }


def test_settings_in_the_environment_win_over_the_defaults() -> None:
    given = {
        "SLS_PROJECT": "mine",
        "SLS_LOGSTORES": "one-store, two-store",
        "SLS_ENDPOINT": "http://elsewhere",
    }

    deployment = Deployment(given)

    assert (deployment.project, deployment.logstores) == ("mine", ("one-store", "two-store"))
    assert deployment.track("http://sls").environment == given


def test_a_role_named_in_the_settings_is_the_one_that_exists() -> None:
    arn = "acs:ram::5550001112223334:role/writer"
    deployment = Deployment({"STS_ROLE_ARN": arn})

    token = deployment.token("http://sts")

    assert (token.environment["STS_ROLE_ARN"], token.account_id) == (arn, "5550001112223334")
    assert identity(deployment, token).trusted_by(deployment.ram.role(arn))


def test_keys_that_happen_to_be_exported_do_not_go_to_the_stand_ins() -> None:
    deployment = Deployment(OWN_KEYS)

    assert identity(deployment, deployment.track("http://sls")).arn.endswith("role/sls-webtracking-track/fc")


def test_keys_in_the_environment_are_used_where_the_endpoint_is_somebody_elses() -> None:
    deployment = Deployment({**OWN_KEYS, "SLS_ENDPOINT": "cn-hangzhou.log.aliyuncs.com"})

    track, token = acts_as(deployment.track("http://sls")), acts_as(deployment.token("http://sts"))

    assert vars(track) == {"access_key_id": "LTAIown", "access_key_secret": "own", "security_token": ""}
    assert token.access_key_id != "LTAIown"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "any, as ALLOWED_ORIGINS is empty"),
        ({"ALLOWED_ORIGINS": "https://a.example"}, "https://a.example"),
        (
            {"ALLOWED_ORIGINS": "https://a.example", "ORIGIN_MODE": "audit"},
            "https://a.example (audit: others are logged and let through)",
        ),
    ],
)
def test_the_origin_setting_is_put_in_words(variables: dict[str, str], words: str) -> None:
    assert Deployment(variables).origins == words


def test_functions_run_in_the_built_in_runtime_unless_the_setting_says_otherwise() -> None:
    for deployment in (Deployment({"CONCURRENCY": "5"}), Deployment({"FUNCTION_RUNTIME": "builtin"})):
        track = deployment.track("http://sls")

        assert (track.runtime, track.command, track.instance_concurrency) == ("python3.12", (), 1)
        assert deployment.runtime == "built-in, one request at a time in an instance"
        assert "CONCURRENCY" not in track.environment


@pytest.mark.parametrize(("given", "concurrency"), [({}, 64), ({"CONCURRENCY": "200"}, 200)])
def test_in_a_custom_runtime_both_are_servers_with_the_same_settings(
    given: dict[str, str], concurrency: int
) -> None:
    plain, deployment = Deployment({}), Deployment({"FUNCTION_RUNTIME": "custom", **given})
    pairs = [
        (plain.track("http://sls"), deployment.track("http://sls")),
        (plain.token("http://sts"), deployment.token("http://sts")),
    ]

    for builtin, function in pairs:
        assert function.custom
        assert function.command[:4] == ("{python}", "-m", "runtime", function.name)
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
    ],
)
def test_a_setting_that_the_functions_would_refuse_is_refused_in_their_words(
    variables: dict[str, str],
) -> None:
    (name,) = variables

    with pytest.raises(SettingError, match=f"^{name} holds .*; it should hold"):
        Deployment(variables)
