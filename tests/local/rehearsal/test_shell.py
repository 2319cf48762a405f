from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.rehearsal import deployer, shell
from local.rehearsal.shell import Shell


@pytest.fixture
def sh(tmp_path: Path) -> Shell:
    state = tmp_path / "state"
    state.mkdir()
    return Shell(tmp_path, {"PATH": os.environ["PATH"], "HERE": "1"}, "greet() { echo hello $1; }\n", state)


def test_variables_stay_from_one_command_to_the_next(sh: Shell) -> None:
    assert sh.run("export A='b c'").status == 0
    assert sh.run('echo "$A $HERE"').output == "b c 1\n"


def test_functions_are_known_to_every_command(sh: Shell) -> None:
    assert sh.run("greet you").output == "hello you\n"


def test_a_status_is_the_command_s_behind_a_pipe_too(sh: Shell) -> None:
    assert sh.run("exit 3").status == 3
    assert sh.run("sh -c 'echo said; exit 5' | cat") == (5, "said\n")


def test_no_input_is_requested(sh: Shell) -> None:
    assert sh.run("read -r answer").status == 1


def test_one_that_does_not_end_is_ended(sh: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "TIMEOUT", 2)
    ended = sh.run("echo begun; exec sleep 60")
    assert (ended.status, ended.output.splitlines()[0]) == (124, "begun")


def test_the_sdk_deploys_where_the_component_can_neither_be_found_nor_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployer, "REGISTRY", "registry.invalid")
    environ = {"serverless_devs_config_home": str(tmp_path)}
    assert deployer.choose(environ) == deployer.SDK
    assert "local.deployer" in deployer.prelude(deployer.SDK)
    kept = tmp_path / ".s/components/devsapp.cn/v3/fc3"
    kept.mkdir(parents=True)
    (kept / ".s.lock").write_text("{}")
    assert deployer.choose(environ) == deployer.REAL
    assert deployer.prelude(deployer.REAL) == ""
