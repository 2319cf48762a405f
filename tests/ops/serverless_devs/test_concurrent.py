"""s.concurrent.yaml as the real `s` renders it: the custom runtime, and otherwise s.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from functions.token.settings import TokenSettings
from functions.track.settings import TrackSettings
from ops.package.contents import CUSTOM, RUNTIMES, recipes
from tests.ops.serverless_devs import render
from tests.ops.serverless_devs.strict import problems

FC_SETS = {"FC_REGION": "cn-hangzhou"}
NAMES = list(recipes(CUSTOM))
# The properties that s.concurrent.yaml changes; all others are those of s.yaml.
CHANGED = {
    "handler",
    "runtime",
    "functionName",
    "cpu",
    "memorySize",
    "instanceConcurrency",
    "instanceLifecycleConfig",
    "customRuntimeConfig",
    "environmentVariables",
}


def test_nothing_is_wrong_with_it(concurrent: dict[str, Any]) -> None:
    assert problems(concurrent) == []
    assert list(concurrent["resources"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_only_what_the_custom_runtime_needs_differs(
    outcome: dict[str, Any], concurrent: dict[str, Any], name: str
) -> None:
    usual, other = (one["resources"][name]["props"] for one in (outcome, concurrent))
    assert {key for key in usual.keys() | other.keys() if usual.get(key) != other.get(key)} == CHANGED
    variables = {**usual["environmentVariables"], "CONCURRENCY": "64"}
    assert other["environmentVariables"] == variables


@pytest.mark.parametrize("name", NAMES)
def test_its_folder_is_the_one_that_packaging_makes(concurrent: dict[str, Any], name: str) -> None:
    resource = concurrent["resources"][name]
    (action,) = resource["actions"]["pre-deploy"]
    assert action == {"run": f"make package FUNCTION={name} RUNTIME={CUSTOM}", "path": "./"}
    assert resource["props"]["code"] == f"./build/{name}"
    assert resource["props"]["runtime"] == CUSTOM


@pytest.mark.parametrize("name", NAMES)
def test_it_starts_the_cpython_that_its_bytecode_is_for(concurrent: dict[str, Any], name: str) -> None:
    config = concurrent["resources"][name]["props"]["customRuntimeConfig"]
    python = f"/var/fc/lang/python{RUNTIMES[CUSTOM]}/bin/python3"
    assert config == {"command": [python, "-m", f"functions.{name}"], "port": 9000}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_told_when_an_instance_starts_and_before_it_goes(concurrent: dict[str, Any], name: str) -> None:
    hooks = concurrent["resources"][name]["props"]["instanceLifecycleConfig"]
    assert {hook: bool(config["handler"]) for hook, config in hooks.items()} == {
        "initializer": True,
        "preStop": True,
    }
    assert hooks["preStop"]["timeout"] >= concurrent["resources"][name]["props"]["timeout"]


@pytest.mark.parametrize("concurrency", ["1", "200"])
def test_one_variable_sets_what_fc_sends_and_what_the_server_takes(
    s: Path, template: str, tmp_path: Path, concurrency: str
) -> None:
    variables = {**render.VARIABLES, "DEPLOY_CONCURRENCY": concurrency}
    done = render.preview(s, template, tmp_path, variables, way="s.concurrent.yaml")
    outcome = render.rendered(done)
    assert problems(outcome) == []
    for name in NAMES:
        props = outcome["resources"][name]["props"]
        assert props["instanceConcurrency"] == int(concurrency)
        assert props["environmentVariables"]["CONCURRENCY"] == concurrency


def test_both_functions_can_start_with_their_variables(concurrent: dict[str, Any]) -> None:
    track, token = (concurrent["resources"][name]["props"]["environmentVariables"] for name in NAMES)
    assert TrackSettings.read({**FC_SETS, **track}).logstores == {"web-tracking-logstore", "checkout"}
    assert TokenSettings.read({**FC_SETS, **token}).role_arn == render.VARIABLES["STS_ROLE_ARN"]


def test_both_ways_can_be_online_side_by_side(outcome: dict[str, Any], concurrent: dict[str, Any]) -> None:
    names = [
        one["resources"][name]["props"]["functionName"] for one in (outcome, concurrent) for name in NAMES
    ]
    assert len(set(names)) == 4


@pytest.mark.parametrize("name", NAMES)
def test_no_handler_names_a_module_that_is_not_in_the_package(concurrent: dict[str, Any], name: str) -> None:
    props = concurrent["resources"][name]["props"]
    hooks = props["instanceLifecycleConfig"].values()
    assert {props["handler"], *(hook["handler"] for hook in hooks)} == {"not.used"}
    assert props["customRuntimeConfig"]["command"][-1] == f"functions.{name}"
