"""Invalid properties of functions and triggers are refused, exactly from the API's bounds on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.fc.control.errors import ControlError
from local.fc.control.properties import checked
from local.fc.control.trigger_config import checked_async, checked_trigger

ACCOUNT = "1234567890123456"
GOOD: dict[str, Any] = {
    "functionName": "sls-webtracking-track-prod",
    "runtime": "python3.12",
    "handler": "index.handler",
    "cpu": 0.35,
    "memorySize": 512,
    "timeout": 10,
}
CUSTOM = {
    "runtime": "custom.debian11",
    "handler": "x",
    "customRuntimeConfig": {"command": ["a"], "port": 9000},
}


def _hook(name: str, **hook: Any) -> dict[str, Any]:
    return {"instanceLifecycleConfig": {name: hook}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"functionName": "a" * 64},
        {"functionName": "_"},
        {"handler": "a.b/c.d"},
        {"cpu": 0.15, "memorySize": 512},
        {"cpu": 0.5, "memorySize": 512},
        {"cpu": 16, "memorySize": 32768},
        {"cpu": 0.05, "memorySize": 128},
        {"diskSize": 10240},
        {"timeout": 1},
        {"timeout": 86400},
        {"environmentVariables": {"A": "x" * 4095}},
        {"environmentVariables": {"EMPTY": ""}},
        {"role": f"acs:ram::{ACCOUNT}:role/Some.Role-1"},
        {"logConfig": {"project": "p", "logstore": "l", "logBeginRule": "None"}},
        {"logConfig": {}},
        _hook("initializer", handler="index.initialize", timeout=300),
        {
            "vpcConfig": {"vpcId": "", "vSwitchIds": [], "securityGroupId": ""},
            "layers": [],
            "tracingConfig": {},
        },
        {"nasConfig": {"groupId": 0, "mountPoints": [], "userId": 0}},
        CUSTOM,
        {**CUSTOM, "instanceConcurrency": 200},
        {**CUSTOM, **_hook("preStop", handler="any", timeout=90)},
    ],
)
def test_values_within_the_bounds_pass(change: dict[str, Any]) -> None:
    assert checked({**GOOD, **change}, ACCOUNT)["functionName"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"functionName": "a" * 65}, "functionName"),
        ({"functionName": "1a"}, "functionName"),
        ({"functionName": None}, "functionName"),
        ({"functionName": 7}, "a string"),
        ({"runtime": "python3.11"}, "python3.11"),
        ({"handler": "handler"}, "module.function"),
        ({"handler": "a." + "b" * 127}, "handler"),
        ({"cpu": 0.12, "memorySize": 512}, "multiple of 0.05"),
        ({"cpu": 0.1, "memorySize": 512}, "between 1:1 and 1:4"),
        ({"cpu": 0.55, "memorySize": 512}, "between 1:1 and 1:4"),
        ({"cpu": 16.05, "memorySize": 32768}, "16"),
        ({"cpu": True}, "cpu"),
        ({"cpu": "0.35"}, "cpu"),
        ({"memorySize": 500}, "multiple of 64"),
        ({"memorySize": 64}, "between 128 and 32768"),
        ({"memorySize": 32832, "cpu": 16}, "between 128 and 32768"),
        ({"diskSize": 1024}, "512 or 10240"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 86401}, "timeout"),
        ({"timeout": "10"}, "an integer"),
        ({"environmentVariables": {"A": "x" * 4096}}, "4097 bytes"),
        ({"environmentVariables": {"FC_REGION": "x"}}, "reserved"),
        ({"environmentVariables": {"A": 1}}, "a string"),
        ({"environmentVariables": {"A-B": "x"}}, "A-B"),
        ({"environmentVariables": []}, "an object"),
        ({"role": "sls-webtracking-track"}, "acs:ram::ACCOUNT:role/NAME"),
        ({"role": f"acs:ram::{ACCOUNT}:user/x"}, "acs:ram::ACCOUNT:role/NAME"),
        ({"role": "acs:ram::1:role/x"}, "account 1"),
        ({"logConfig": {"project": "p"}}, "logstore"),
        ({"logConfig": {"project": "p", "logstore": "l", "logBeginRule": "Any"}}, "logBeginRule"),
        (_hook("initializer", handler="index.initialize", timeout=301), "timeout"),
        (_hook("initializer", handler="initialize"), "initializer.handler"),
        (_hook("preStop", handler="index.stop", timeout=91), "timeout"),
        ({"instanceConcurrency": 2}, "one request at a time"),
        ({"customRuntimeConfig": {"command": ["x"]}}, "for custom runtimes"),
        ({**CUSTOM, "instanceConcurrency": 201}, "instanceConcurrency"),
        ({**CUSTOM, "customRuntimeConfig": {"port": 65536}}, "port"),
        ({**CUSTOM, "customRuntimeConfig": {"command": "x"}}, "a list"),
    ],
)
def test_values_out_of_bounds_are_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ControlError, match="InvalidArgument") as refused:
        checked({**GOOD, **change}, ACCOUNT)
    assert refused.value.status == 400
    assert word in refused.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"runtime": "nodejs20"},
        {"layers": ["acs:fc:cn-hangzhou:1:layers/a/versions/1"]},
        {"vpcConfig": {"vpcId": "vpc-1"}},
        {"gpuConfig": {"gpuType": "x"}},
    ],
)
def test_an_unsupported_property_is_never_ignored(change: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="NotImplemented"):
        checked({**GOOD, **change}, ACCOUNT)


def _http(**config: Any) -> dict[str, Any]:
    made = {"authType": "anonymous", "methods": ["GET"], **config}
    return {"triggerName": "http", "triggerType": "http", "triggerConfig": json.dumps(made)}


def _timer(**config: Any) -> dict[str, Any]:
    made = {"cronExpression": "@every 1m", "enable": True, **config}
    return {"triggerName": "minute", "triggerType": "timer", "triggerConfig": json.dumps(made)}


@pytest.mark.parametrize(
    "trigger",
    [
        _http(),
        _http(authType="function", disableURLInternet=True),
        _http(methods=["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]),
        _timer(),
        _timer(cronExpression="0 0 4 * * *", enable=False, payload="x"),
        _timer(cronExpression="CRON_TZ=Asia/Shanghai 0 0/15 4 * * 1-5"),
    ],
)
def test_a_valid_trigger_passes(trigger: dict[str, Any]) -> None:
    assert checked_trigger(trigger)["triggerConfig"] == trigger["triggerConfig"]


@pytest.mark.parametrize(
    ("trigger", "word"),
    [
        (_http(authType="anonymouse"), "anonymouse"),
        (_http(methods=["TRACE"]), "TRACE"),
        (_http(methods=[]), "methods"),
        (_http(disableURLInternet="false"), "true or false"),
        ({**_http(), "triggerName": "1"}, "triggerName"),
        ({**_http(), "triggerName": "a" * 129}, "triggerName"),
        ({**_http(), "triggerType": "https"}, "triggerType"),
        ({**_http(), "triggerConfig": "{"}, "triggerConfig"),
        ({**_http(), "triggerConfig": {"authType": "anonymous"}}, "a string"),
        (_timer(cronExpression="@every 30s"), "@every"),
        (_timer(cronExpression="* * * * *"), "six fields"),
        (_timer(cronExpression="60 0 0 * * *"), "0-59"),
        (_timer(cronExpression="CRON_TZ=Nowhere/At_All 0 0 4 * * *"), "Nowhere/At_All"),
        (_timer(enable="yes"), "true or false"),
    ],
)
def test_a_trigger_that_is_not_is_refused(trigger: dict[str, Any], word: str) -> None:
    with pytest.raises(ControlError, match="InvalidArgument") as refused:
        checked_trigger(trigger)
    assert word in refused.value.message


@pytest.mark.parametrize(
    ("name", "low", "high"), [("maxAsyncRetryAttempts", 0, 8), ("maxAsyncEventAgeInSeconds", 1, 604800)]
)
def test_the_limits_of_asynchronous_calls_have_bounds(name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert checked_async({name: value})[name] == value
    for value in (low - 1, high + 1):
        with pytest.raises(ControlError, match=name):
            checked_async({name: value})


def test_only_custom_runtimes_are_shown_with_a_concurrency() -> None:
    """Otherwise fc3 would see a change, and ask at each deployment."""
    assert "instanceConcurrency" not in checked(GOOD, ACCOUNT)
    assert checked({**GOOD, **CUSTOM}, ACCOUNT)["instanceConcurrency"] == 1
