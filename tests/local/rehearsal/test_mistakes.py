"""A deliberate mistake is reported by the same step as in a real account, with a helpful message."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from local.cloud import Cloud
from local.deployer.actions import deploy
from local.deployer.api import Account, Api
from local.deployer.resources import Resource
from local.fc import interpreters
from ops.package.build import build
from ops.package.contents import RECIPES
from ops.provision import main as provision
from ops.provision.clients import Credentials
from ops.verify import main as verify
from tests.ops.serverless_devs import render

PROJECT, LOGSTORE, ORIGIN = "shop-logs", "web-tracking-logstore", "https://shop.example.com"
FUNCTION = "sls-webtracking-track-prod"


@dataclass
class Deployment:
    """A provisioned account, and track's properties from s.yaml, to be changed."""

    cloud: Cloud
    api: Api
    properties: dict[str, Any]
    folder: Path

    def deploy(self) -> None:
        deploy(self.api, Resource("track", self.properties, ()), self.folder)

    def verify(self) -> dict[str, str]:
        """Deploy and verify; returns the names of failed checks."""
        self.deploy()
        out = io.StringIO()
        with redirect_stdout(out):
            verify([
                "--track", self.cloud.fc.addresses()[FUNCTION], "--project", PROJECT, "--logstore", LOGSTORE,
                "--region", "cn-hangzhou", "--origin", ORIGIN, "--json",
            ])  # fmt: skip
        checks = json.loads(out.getvalue())["checks"]
        failed = [one for one in checks if one["result"] == "failed"]
        return {one["name"]: f"{one['detail']} {one['advice']}" for one in failed}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """track's package, as it is deployed."""
    folder = tmp_path_factory.mktemp("deployment")
    build(RECIPES["track"], "python3.12", folder / "build/track")
    return folder


@pytest.fixture
def deployment(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    if interpreters.find("3.12") is None:
        pytest.skip("no CPython 3.12, which the package is for")
    with Cloud() as cloud:
        for name, value in cloud.environment().items():
            monkeypatch.setenv(name, value)
        env = tmp_path / ".env"
        wanted = ["--region", "cn-hangzhou", "--project", PROJECT, "--apply", "--env-file", str(env)]
        with redirect_stdout(io.StringIO()):
            assert provision(wanted, lambda: Credentials(*cloud.key)) == 0
        variables = dict(line.split("=", 1) for line in env.read_text().splitlines() if line[:1] != "#")
        template = (render.ROOT / "s.yaml").read_text()
        done = render.preview(render.command(), template, tmp_path, {**variables, "ALLOWED_ORIGINS": ORIGIN})
        properties = render.rendered(done)["resources"]["track"]["props"]
        account = Account.read({**cloud.environment(), "DEPLOY_REGION": "cn-hangzhou"})
        yield Deployment(cloud, Api(account), properties, package)


def test_without_one_nothing_fails(deployment: Deployment) -> None:
    assert deployment.verify() == {}


def test_a_role_without_the_right_to_write_is_found_by_verify(deployment: Deployment) -> None:
    cloud = deployment.cloud
    cloud.roles.roles["sls-webtracking-track"].policies.clear()
    cloud.ram.add_role("sls-webtracking-track", trusted=["fc.aliyuncs.com"], policies=[])
    failed = deployment.verify()
    assert set(failed) == {"track: POST", "track: GET", "track: pixel"}
    assert "502 UpstreamRejected" in failed["track: POST"]
    assert "role" in failed["track: POST"]


def test_methods_without_options_are_found_by_verify(deployment: Deployment) -> None:
    deployment.properties["triggers"][0]["triggerConfig"]["methods"] = ["GET", "POST"]
    failed = deployment.verify()
    assert "OPTIONS" in failed["track: preflight of an allowed origin"]


def test_a_package_without_a_module_is_found_by_verify(deployment: Deployment) -> None:
    package = deployment.folder / "build/track"
    # Both, since either alone is enough: the module is imported from its bytecode or from its source.
    spoilt = [package / "functions/track/service.py", *package.glob("bytecode.*.bin")]
    kept = {path: path.read_bytes() for path in spoilt}
    for path in spoilt:
        path.unlink()
    try:
        failed = deployment.verify()
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert "/healthz: 502" in failed["track is up"]
    assert "its log names the invalid setting or the module" in failed["track is up"]
    logs = deployment.cloud.sls.store.query("function-logs", contains="No module named")
    assert "functions.track.service" in logs[0].fields["message"]


def test_an_allowlist_with_a_path_is_found_by_verify(deployment: Deployment) -> None:
    deployment.properties["environmentVariables"]["ALLOWED_ORIGINS"] = "https://shop.example.com/checkout"
    failed = deployment.verify()
    assert "/healthz: 502" in failed["track is up"]
    assert "its log names the invalid setting or the module" in failed["track is up"]
    logs = deployment.cloud.sls.store.query("function-logs", contains="ALLOWED_ORIGINS")
    assert "https://shop.example.com/checkout" in logs[0].fields["message"]


def test_cpu_and_memory_out_of_proportion_are_refused_when_deployed(deployment: Deployment) -> None:
    deployment.properties["cpu"] = 1
    with pytest.raises(ClientException) as refused:
        deployment.deploy()
    assert (refused.value.code, refused.value.status_code) == ("InvalidArgument", 400)
    assert "vCPU to GB of memory must be between 1:1 and 1:4" in refused.value.message


def test_a_logstore_for_logs_that_is_not_there_is_refused_when_deployed(deployment: Deployment) -> None:
    deployment.properties["logConfig"]["logstore"] = "nowhere"
    with pytest.raises(ClientException, match="logstore 'nowhere' does not exist"):
        deployment.deploy()
