"""The command as an operator types it, in a separate process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.provision.cloud import Cloud, Provision

ROOT = Path(__file__).parents[3]
PLAN = ["provision", "--project", "shop-logs"]


def test_the_operators_key_comes_from_the_environment(cloud: Cloud) -> None:
    names = {"ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.key.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.key.secret}
    done = _ops([*PLAN, *cloud.options], names)
    assert done.returncode == 2
    assert done.stdout.startswith("account 1234567890123456, as acs:ram::1234567890123456:user/ops")


def test_without_any_key_it_says_how_to_give_one(cloud: Cloud) -> None:
    done = _ops([*PLAN, *cloud.options], {})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("provision: no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID")
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_refused_with_the_list_of_commands() -> None:
    done = _ops(["destroy"], {})
    assert done.returncode == 2
    assert "unknown command: destroy" in done.stderr
    assert "provision" in done.stderr


def test_the_list_of_commands_needs_none_of_their_dependencies() -> None:
    code = "import sys; from ops.__main__ import main; main(['--help']); print(sorted(sys.modules))"
    done = _python(["-c", code], {})
    assert "verify" in done.stdout
    assert not [name for name in ("aliyun", "alibabacloud", "Tea") if f"'{name}" in done.stdout]


def _ops(arguments: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return _python(["-m", "ops", *arguments], environ)


def _python(arguments: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    home = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}  # without the developer's profile file
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**home, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_network_it_names_the_unknown_host(provision: Provision) -> None:
    assert provision("--sts-endpoint", "http://sts.invalid:9") == 1
    assert provision.err.splitlines() == [
        "provision: sts.invalid cannot be reached, its name cannot be resolved: "
        "check the network, --region and endpoints"
    ]


def test_an_endpoint_can_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, provision: Provision
) -> None:
    options = provision.cloud.options
    for service in ("ram", "sts", "sls", "oss"):
        place = options.index(f"--{service}-endpoint")
        monkeypatch.setenv(f"OPS_{service.upper()}_ENDPOINT", options[place + 1])
        del options[place : place + 2]
    assert provision("--apply") == 0
