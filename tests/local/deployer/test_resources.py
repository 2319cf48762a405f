"""The functions of a file are read as the real `s preview` resolves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.deployer.resources import InvalidResource, read, run_before
from tests.ops.serverless_devs import render


@pytest.fixture
def _serverless_devs(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    render.command()  # installs it, or skips the test
    # Its log is a folder of its HOME named by the second: two that run at once would share it.
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name, value in {**render.VARIABLES, **render.SPOOL}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_serverless_devs")
def test_the_functions_come_in_the_order_of_the_file_with_what_goes_before() -> None:
    track, token = read(render.ROOT, "s.yaml")
    assert (track.function, token.function) == ("sls-webtracking-track-prod", "sls-webtracking-token-prod")
    (command,) = track.before
    assert command.startswith("make package FUNCTION=track")
    assert track.settings["role"] == render.VARIABLES["TRACK_ROLE_ARN"]
    assert not {"region", "code", "triggers", "functionName", "concurrencyConfig"} & track.settings.keys()
    assert [trigger["triggerName"] for trigger in track.triggers] == ["http"]


@pytest.mark.usefixtures("_serverless_devs")
def test_a_variable_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for path in render.ROOT.glob("s*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "ops").symlink_to(render.ROOT / "ops")
    monkeypatch.delenv("TRACK_ROLE_ARN")
    with pytest.raises(InvalidResource, match="TRACK_ROLE_ARN"):
        list(read(tmp_path, "s.yaml"))


@pytest.mark.usefixtures("_serverless_devs")
def test_a_command_that_fails_ends_the_deployment(tmp_path: Path) -> None:
    track, _ = read(render.ROOT, "s.yaml")
    with pytest.raises(InvalidResource, match="make package FUNCTION=track"):
        run_before(tmp_path, track)
