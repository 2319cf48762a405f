"""s.replay.yaml as the real `s` renders it, and track's side of the spool in s.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.replay.order import Part
from functions.replay.settings import ReplaySettings
from functions.replay.timer import part_of
from functions.track.settings import TrackSettings
from ops.package.contents import BUILT_IN
from ops.provision.wanted import Spool, Target
from tests.ops.serverless_devs import render
from tests.ops.serverless_devs.strict import problems

FC_SETS = {"FC_REGION": "cn-hangzhou"}
TICK = 60  # seconds
MOST_TRIGGERS = 10  # of a function (FC documentation, "Trigger management")


@pytest.fixture
def props(replay: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = replay["resources"]["replay"]["props"]
    return found


def test_nothing_is_wrong_with_it(replay: dict[str, Any]) -> None:
    assert problems(replay) == []
    assert list(replay["resources"]) == ["replay"]


def test_its_folder_is_the_one_that_packaging_makes(replay: dict[str, Any], props: dict[str, Any]) -> None:
    (action,) = replay["resources"]["replay"]["actions"]["pre-deploy"]
    assert action == {"run": "make package FUNCTION=replay RUNTIME=python3.12", "path": "./"}
    assert props["code"] == "./build/replay"


def test_it_can_start_with_its_variables(props: dict[str, Any]) -> None:
    settings = ReplaySettings.read({**FC_SETS, **props["environmentVariables"]})
    assert settings.logstores == {"web-tracking-logstore", "checkout"}
    assert (settings.spool.bucket, settings.spool.prefix) == ("shop-spool", "shop/")


def test_runs_are_a_minute_apart_and_never_overlap(props: dict[str, Any]) -> None:
    assert {trigger["triggerConfig"]["cronExpression"] for trigger in props["triggers"]} == {"@every 1m"}
    assert props["timeout"] < TICK
    assert props["concurrencyConfig"] == {"reservedConcurrency": 1}
    assert props["asyncInvokeConfig"]["maxAsyncRetryAttempts"] == 0


@pytest.mark.parametrize("parts", ["", "1", "4", "10"])
def test_as_many_triggers_are_on_as_there_are_parts_each_with_its_own(
    s: Path, template: str, tmp_path: Path, parts: str
) -> None:
    variables = {**render.VARIABLES, **render.SPOOL, **({"REPLAY_PARTS": parts} if parts else {})}
    outcome = render.rendered(render.preview(s, template, tmp_path, variables, way="s.replay.yaml"))
    assert problems(outcome) == []
    props, count = outcome["resources"]["replay"]["props"], int(parts or 1)
    assert props["concurrencyConfig"] == {"reservedConcurrency": count}
    on = [one["triggerConfig"]["payload"] for one in props["triggers"] if one["triggerConfig"]["enable"]]
    told = [part_of(json.dumps({"payload": payload}).encode()) for payload in on]
    assert told == [Part(number, count) for number in range(count)]
    names = [one["triggerName"] for one in props["triggers"]]
    assert len(set(names)) == len(names) == MOST_TRIGGERS


def test_what_it_shares_with_the_other_functions_is_the_same(
    outcome: dict[str, Any], props: dict[str, Any]
) -> None:
    track = outcome["resources"]["track"]["props"]
    for key in ("region", "runtime", "handler", "logConfig", "instanceLifecycleConfig", "internetAccess"):
        assert props[key] == track[key]
    assert props["functionName"] == track["functionName"].replace("-track-", "-replay-")


def test_track_spools_where_replay_looks(
    s: Path, template: str, tmp_path: Path, props: dict[str, Any]
) -> None:
    variables = {**render.VARIABLES, **render.SPOOL}
    outcome = render.rendered(render.preview(s, template, tmp_path, variables))
    assert problems(outcome) == []
    spooling = outcome["resources"]["track"]["props"]["environmentVariables"]
    both = {name for name in spooling if name.startswith("SPOOL_")}
    assert {name: props["environmentVariables"][name] for name in both} == {
        name: spooling[name] for name in both
    }
    settings = TrackSettings.read({**FC_SETS, **spooling})
    assert settings.spool is not None
    assert settings.spool.bucket == "shop-spool"


def test_without_a_bucket_there_is_no_spool(outcome: dict[str, Any]) -> None:
    variables = outcome["resources"]["track"]["props"]["environmentVariables"]
    assert TrackSettings.read({**FC_SETS, **variables}).spool is None


def test_without_a_bucket_replay_is_not_deployed(s: Path, template: str, tmp_path: Path) -> None:
    variables = {**render.VARIABLES, "REPLAY_ROLE_ARN": "acs:ram::1:role/replay"}
    done = render.preview(s, template, tmp_path, variables, way="s.replay.yaml")
    assert done.returncode != 0
    assert "env('SPOOL_OSS_BUCKET') not found" in done.stdout + done.stderr


def test_what_provisioning_prints_is_all_it_needs(s: Path, template: str, tmp_path: Path) -> None:
    target = Target("cn-shanghai", "shop-logs", ("web",), spool=Spool("shop-spool"))
    variables = target.variables("1234567890123456")
    outcome = render.rendered(render.preview(s, template, tmp_path, variables, way="s.replay.yaml"))
    assert problems(outcome) == []
    assert outcome["resources"]["replay"]["props"]["role"].endswith("role/sls-webtracking-replay")


@pytest.mark.parametrize("runtime", BUILT_IN)
def test_it_follows_the_runtime_of_the_others(s: Path, template: str, tmp_path: Path, runtime: str) -> None:
    variables = {**render.VARIABLES, **render.SPOOL, "DEPLOY_RUNTIME": runtime}
    outcome = render.rendered(render.preview(s, template, tmp_path, variables, way="s.replay.yaml"))
    assert problems(outcome) == []
    assert outcome["resources"]["replay"]["props"]["runtime"] == runtime


def test_nothing_that_function_compute_adds_to_the_limits_is_missing(props: dict[str, Any]) -> None:
    """Otherwise Serverless Devs would see a change, and ask at each deployment."""
    assert props["asyncInvokeConfig"]["qualifier"] == "LATEST"


def test_the_timer_can_wait_until_its_limits_are_in_force(s: Path, template: str, tmp_path: Path) -> None:
    variables = {**render.VARIABLES, **render.SPOOL, "REPLAY_TIMER": "false", "REPLAY_PARTS": "4"}
    outcome = render.rendered(render.preview(s, template, tmp_path, variables, way="s.replay.yaml"))
    assert problems(outcome) == []
    triggers = outcome["resources"]["replay"]["props"]["triggers"]
    assert [trigger["triggerConfig"]["enable"] for trigger in triggers] == [False] * MOST_TRIGGERS
