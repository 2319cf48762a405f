"""The strict check finds errors that `s verify` accepts."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.ops.serverless_devs.strict import problems

Spoil = Callable[[dict[str, Any]], object]

GOOD: dict[str, Any] = {
    "edition": "3.0.0",
    "name": "n",
    "access": "default",
    "resources": {
        "track": {
            "component": "fc3",
            "props": {
                "region": "cn-hangzhou",
                "functionName": "f",
                "runtime": "python3.12",
                "handler": "index.handler",
                "code": "./build/track",
                "cpu": 0.35,
                "memorySize": 512,
                "diskSize": 512,
                "timeout": 10,
                "environmentVariables": {"SLS_PROJECT": "p"},
                "instanceLifecycleConfig": {"initializer": {"handler": "index.initialize", "timeout": 10}},
                "logConfig": {"project": "p", "logstore": "l"},
                "triggers": [
                    {
                        "triggerName": "http",
                        "triggerType": "http",
                        "triggerConfig": {"authType": "anonymous", "methods": ["GET", "OPTIONS"]},
                    }
                ],
            },
        }
    },
}


def test_a_sound_template_has_no_problem() -> None:
    assert problems(GOOD) == []


def _props(change: dict[str, Any]) -> Spoil:
    return lambda props: props.update(change)


def _trigger(change: dict[str, Any]) -> Spoil:
    return lambda props: props["triggers"][0]["triggerConfig"].update(change)


def _timer(config: dict[str, Any]) -> Spoil:
    return lambda props: props["triggers"][0].update({"triggerType": "timer", "triggerConfig": config})


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (_props({"memorysiz": 512}), "memorysiz"),
        (_props({"codeUri": "./x"}), "codeUri"),
        (_props({"runtime": "python3.11"}), "python3.11"),
        (_props({"region": "cn-atlantis"}), "cn-atlantis"),
        (_props({"memorySize": 500}), "500"),
        (_props({"cpu": 0.05}), "does not go with"),
        (_props({"cpu": 1}), "does not go with"),
        (_props({"role": "acs:ram::1234567890123456:role/Track"}), "lower case"),
        (_props({"timeout": 0}), "timeout"),
        (_props({"environmentVariables": {"A": 1}}), "environmentVariables.A"),
        (_props({"environmentVariables": {"A": "x" * 4096}}), "4097 bytes"),
        (_props({"environmentVariables": {"FC_REGION": "x"}}), "FC_REGION: reserved"),
        (_props({"environmentVariables": {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "x"}}), "or a secret"),
        (_props({"environmentVariables": {"A": "LTAI5tAbCdEfGhIjKlMnOp"}}), "an AccessKey id is in it"),
        (_props({"instanceLifecycleConfig": {"initialiser": {}}}), "initialiser"),
        (_props({"instanceLifecycleConfig": {"initializer": {"handle": "x"}}}), "handle"),
        (_props({"logConfig": {"project": "p"}}), "logConfig"),
        (_props({"logConfig": {"project": "p", "logstore": "l", "enabled": True}}), "logConfig"),
        (_props({"customDomain": {"domainName": "d", "protocol": "HTTPS"}}), "route"),
        (_trigger({"authType": "anonymouse"}), "anonymouse"),
        (_trigger({"methods": ["GET", "TRACE", "OPTIONS"]}), "TRACE"),
        (_trigger({"methods": ["GET", "POST"]}), "without OPTIONS"),
        (_trigger({"disableUrlInternet": False}), "disableUrlInternet"),
        (_trigger({"disableURLInternet": "false"}), "boolean"),
        (lambda props: props["triggers"][0].update({"triggerType": "oss"}), "trigger type 'oss'"),
        (lambda props: props["triggers"][0].update({"triggerType": "timer"}), "cronExpression"),
        (_timer({"cronExpression": "@every 1m"}), "'enable' is a required property"),
        (_timer({"cronExpression": "@every 30s", "enable": True}), "@every 30s"),
        (_timer({"cronExpression": "* * * * *", "enable": True}), "* * * * *"),
        (_timer({"cronExpression": "@every 1m", "enable": True, "payLoad": ""}), "payLoad"),
        (lambda props: props["triggers"][0].update({"name": "x"}), "name"),
        (_props({"customRuntimeConfig": {"command": ["x"], "port": 9000}}), "not for python3.12"),
        (_props({"instanceConcurrency": 2}), "one request at a time"),
        (_props({"instanceConcurrency": "1"}), "instanceConcurrency"),
        (_props({"instanceConcurrency": 201}), "instanceConcurrency"),
        (_props({"runtime": "custom.debian11"}), "without a command or a port"),
        (_props({"runtime": "custom.debian11", "customRuntimeConfig": {"port": 9000}}), "without a command"),
        (lambda props: props.pop("handler"), "handler"),
        (lambda props: props["triggers"][0]["triggerConfig"].pop("authType"), "authType"),
    ],
)
def test_a_mistake_is_found(spoil: Spoil, word: str) -> None:
    bad = deepcopy(GOOD)
    spoil(bad["resources"]["track"]["props"])
    assert any(word in problem for problem in problems(bad)), problems(bad)


def test_variables_of_exactly_the_limit_pass() -> None:
    good = deepcopy(GOOD)
    good["resources"]["track"]["props"]["environmentVariables"] = {"A": "x" * 4095}
    assert problems(good) == []


@pytest.mark.parametrize("place", ["top", "resource"])
def test_an_unknown_key_outside_the_properties_is_found(place: str) -> None:
    bad = deepcopy(GOOD)
    (bad if place == "top" else bad["resources"]["track"])["action"] = {}
    assert any("action: unknown" in problem for problem in problems(bad))


@pytest.mark.parametrize("expression", ["@every 1m", "0 0 4 * * *", "CRON_TZ=Asia/Shanghai 0 0 4 * * *"])
def test_a_sound_timer_trigger_passes(expression: str) -> None:
    good = deepcopy(GOOD)
    _timer({"cronExpression": expression, "enable": True})(good["resources"]["track"]["props"])
    assert problems(good) == []


@pytest.mark.parametrize("concurrency", [1, 200])
def test_a_custom_runtime_passes_up_to_its_limit(concurrency: int) -> None:
    good = deepcopy(GOOD)
    config = {"command": ["python3"], "port": 9000}
    _props(
        {
            "runtime": "custom.debian11",
            "customRuntimeConfig": config,
            "instanceConcurrency": concurrency,
        }
    )(good["resources"]["track"]["props"])
    assert problems(good) == []
