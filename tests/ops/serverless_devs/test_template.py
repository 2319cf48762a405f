"""s.yaml as the real `s` renders it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from functions.token.settings import TokenSettings
from functions.track.settings import TrackSettings
from ops.package.contents import BUILT_IN
from ops.provision.wanted import Target
from tests.ops.serverless_devs import render
from tests.ops.serverless_devs.strict import problems

FC_SETS = {"FC_REGION": "cn-hangzhou"}
NAMES = ["track", "token"]


def test_nothing_is_wrong_with_it(outcome: dict[str, Any]) -> None:
    assert problems(outcome) == []


def test_what_is_off_by_default_is_not_loaded(outcome: dict[str, Any]) -> None:
    variables = outcome["resources"]["track"]["props"]["environmentVariables"]
    settings = TrackSettings.read({**FC_SETS, **variables})
    assert (settings.gate, settings.rate_limit, settings.filters) == (None, None, None)


@pytest.mark.parametrize("name", NAMES)
def test_its_folder_is_the_one_that_packaging_makes(outcome: dict[str, Any], name: str) -> None:
    resource = outcome["resources"][name]
    (action,) = resource["actions"]["pre-deploy"]
    assert resource["props"]["code"] == f"./build/{name}"
    assert action == {"run": f"make package FUNCTION={name} RUNTIME=python3.12", "path": "./"}


def test_track_can_start_with_its_variables(outcome: dict[str, Any]) -> None:
    variables = outcome["resources"]["track"]["props"]["environmentVariables"]
    settings = TrackSettings.read({**FC_SETS, **variables})
    assert settings.logstores == {"web-tracking-logstore", "checkout"}


def test_token_can_start_with_its_variables(outcome: dict[str, Any]) -> None:
    variables = outcome["resources"]["token"]["props"]["environmentVariables"]
    settings = TokenSettings.read({**FC_SETS, **variables})
    assert settings.role_arn == render.VARIABLES["STS_ROLE_ARN"]


def test_each_function_has_its_own_role(outcome: dict[str, Any]) -> None:
    roles = {name: outcome["resources"][name]["props"]["role"] for name in NAMES}
    assert roles == {"track": render.VARIABLES["TRACK_ROLE_ARN"], "token": render.VARIABLES["TOKEN_ROLE_ARN"]}


def test_what_provisioning_prints_is_all_it_needs_but_the_origins(
    s: Path, template: str, tmp_path: Path
) -> None:
    target = Target("cn-shanghai", "shop-logs", ("web",))
    dotenv = "".join(f"{name}={value}\n" for name, value in target.variables("1234567890123456").items())
    refused = render.preview(s, template, tmp_path, {}, dotenv)
    assert "env('ALLOWED_ORIGINS') not found" in refused.stdout + refused.stderr
    accepted = render.rendered(render.preview(s, template, tmp_path, {}, dotenv + 'ALLOWED_ORIGINS=" "\n'))
    assert problems(accepted) == []
    props = accepted["resources"]["track"]["props"]
    assert props["region"] == "cn-shanghai"
    assert TrackSettings.read({**FC_SETS, **props["environmentVariables"]}).logstores == {"web"}


@pytest.mark.parametrize("missing", sorted(render.VARIABLES))
def test_a_variable_that_is_missing_is_named(s: Path, template: str, tmp_path: Path, missing: str) -> None:
    rest = {name: value for name, value in render.VARIABLES.items() if name != missing}
    done = render.preview(s, template, tmp_path, rest)
    assert done.returncode != 0
    assert f"env('{missing}') not found" in done.stdout + done.stderr


@pytest.mark.parametrize("runtime", BUILT_IN)
def test_every_built_in_runtime_that_can_be_packaged_can_be_deployed(
    s: Path, template: str, tmp_path: Path, runtime: str
) -> None:
    done = render.preview(s, template, tmp_path, {**render.VARIABLES, "DEPLOY_RUNTIME": runtime})
    outcome = render.rendered(done)
    assert problems(outcome) == []
    assert outcome["resources"]["token"]["props"]["runtime"] == runtime


def test_the_custom_domain_of_the_documentation_is_right(s: Path, template: str, tmp_path: Path) -> None:
    documentation = (render.ROOT / "docs/deploy.md").read_text()
    snippets = re.findall(r"```yaml\n(      customDomain:\n.*?)```", documentation, re.S)
    assert len(snippets) == 2
    for snippet, role in zip(snippets, ("TRACK", "TOKEN"), strict=True):
        line = f"      role: ${{env('{role}_ROLE_ARN')}}\n"
        assert line in template
        template = template.replace(line, line + snippet)
    outcome = render.rendered(render.preview(s, template, tmp_path, render.VARIABLES))
    assert problems(outcome) == []
    routes = {name: outcome["resources"][name]["props"]["customDomain"]["route"]["path"] for name in NAMES}
    assert routes == {"track": "/logstores/*", "token": "/get_sts_token"}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_so_many_instances_at_most(
    outcome: dict[str, Any], s: Path, template: str, tmp_path: Path, name: str
) -> None:
    assert outcome["resources"][name]["props"]["concurrencyConfig"] == {"reservedConcurrency": 20}
    done = render.preview(s, template, tmp_path, {**render.VARIABLES, "MAX_INSTANCES": "7"})
    other = render.rendered(done)
    assert problems(other) == []
    assert other["resources"][name]["props"]["concurrencyConfig"] == {"reservedConcurrency": 7}


def test_a_full_set_of_settings_fits_into_what_function_compute_takes(
    s: Path, template: str, tmp_path: Path
) -> None:
    full = {
        "ALLOWED_ORIGINS": ",".join(f"https://shop{n}.example.com" for n in range(20)),
        "TICKETS": "enforce",
        "TICKET_KEYS": ",".join(f"2026{kid}:{'A' * 86}" for kid in "abc"),
        "TICKET_MAX_SECONDS": "172800",
        "RATE_LIMIT": "client 20/s burst 200, subject 50/s burst 500, logstore 2000/s burst 20000",
        "RATE_MODE": "enforce",
        "RATE_LIMIT_STORE": f"rediss://user:{'p' * 64}@r-abcdefghijklmnop.redis.rds.aliyuncs.com:6379/0",
        "BOTS": "drop",
        "IGNORE_IPS": ",".join(f"203.0.113.{n}/32" for n in range(20)),
        "GPC": "anonymous",
        "REFERER": "origin",
        "DROP_FIELDS": ",".join(f"secret_field_{n}*" for n in range(20)),
        "SPOOL_OSS_BUCKET": "shop-spool",
    }
    done = render.preview(s, template, tmp_path, {**render.VARIABLES, **full})
    variables = render.rendered(done)["resources"]["track"]["props"]["environmentVariables"]
    settings = TrackSettings.read({**FC_SETS, **variables})
    assert settings.gate is not None
    assert settings.rate_limit is not None
    assert settings.filters is not None
    assert sum(len(name) + len(value) for name, value in variables.items()) < 4096
