"""The application package with the real `s`: the checks of publishing, and the result of `s init`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.application import main
from ops.application.assemble import HERE, ROOT, ApplicationError, newest_changes
from ops.provision.variables import merged
from tests.ops.serverless_devs import render

ANSWERS = {
    "region": "cn-shanghai",
    "project": "shop-logs",
    "logstores": "web-tracking-logstore,checkout",
    "allowedOrigins": "https://shop.example.com",
    "trackRole": "acs:ram::1234567890123456:role/track",
}
PROVISIONED = {"TOKEN_ROLE_ARN": "acs:ram::1:role/token", "STS_ROLE_ARN": "acs:ram::1:role/page"}
LARGEST = 10 * 1024 * 1024  # bytes of a zip archive, beyond which publishing warns
PUBLISH = (HERE / "publish.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("application") / "sls-webtracking-fc"
    assert main(["--into", str(into)]) == 0
    return into


@pytest.fixture(scope="module")
def archive(application: Path) -> Path:
    return Path(shutil.make_archive(str(application), "zip", application))


def _run(s: Path, home: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(s), *arguments],
        cwd=cwd or home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _init(s: Path, home: Path, archive: Path, answers: dict[str, str]) -> subprocess.CompletedProcess[str]:
    parameters = ["--parameters", json.dumps(answers), "--access", "shop"]
    return _run(s, home, "init", "sls-webtracking-fc", "-d", "made", "--uri", str(archive), *parameters)


def _publish(s: Path, home: Path, application: Path) -> str:
    """The output of publishing: it checks everything before it calls a registry, which is missing here."""
    assert _run(s, home, "set", "registry", "http://registry.invalid/v3").returncode == 0
    done = _run(s, home, "registry", "publish", cwd=application)
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(s: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("init")
    done = _init(s, home, archive, ANSWERS)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "made"


def test_publishing_finds_nothing_wrong_with_it(s: Path, application: Path, tmp_path: Path) -> None:
    said = _publish(s, tmp_path, application)
    assert "registry.invalid" in said
    assert "illegal" not in said
    assert "Duplicate" not in said


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("Edition: 3.0.0", "Edition: 1.0.0", "Edition"),
        ("Type: Project", "Type: Application", "illegal"),
        ("  - 阿里云", "  - another cloud", "illegal"),
        ("Category: 监控告警", "", "illegal"),
        ("Effective: Public", "Effective: World", "illegal"),
    ],
)
def test_publishing_does_check(
    s: Path, application: Path, tmp_path: Path, line: str, instead: str, said: str
) -> None:
    broken = tmp_path / "broken"
    (broken / "src").mkdir(parents=True)
    shutil.copy(application / "src/s.yaml", broken / "src")
    assert PUBLISH.count(f"{line}\n") == 1
    (broken / "publish.yaml").write_text(PUBLISH.replace(f"{line}\n", f"{instead}\n"), "utf-8")
    heard = _publish(s, tmp_path, broken)
    assert said in heard
    assert "registry.invalid" not in heard


def test_it_is_small_enough(archive: Path) -> None:
    assert archive.stat().st_size < LARGEST


def test_init_hands_out_the_repository(made: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    here = {name for name in tracked if (ROOT / name).is_file()}
    handed_out = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert handed_out == here | {".env"}
    changed = {name for name in here if (made / name).read_bytes() != (ROOT / name).read_bytes()}
    assert changed == {"s.yaml", "s.replay.yaml"}


def test_the_answers_are_what_is_deployed(s: Path, made: Path, tmp_path: Path) -> None:
    dotenv = merged((made / ".env").read_text("utf-8"), PROVISIONED)
    done = render.preview(s, (made / "s.yaml").read_text("utf-8"), tmp_path, {}, dotenv)
    outcome = render.rendered(done)
    assert outcome["access"] == "shop"
    props = outcome["resources"]["track"]["props"]
    assert (props["region"], props["role"]) == (ANSWERS["region"], ANSWERS["trackRole"])
    settings = props["environmentVariables"]
    assert settings["SLS_PROJECT"] == ANSWERS["project"]
    assert settings["SLS_LOGSTORES"] == ANSWERS["logstores"]
    assert settings["ALLOWED_ORIGINS"] == ANSWERS["allowedOrigins"]
    assert outcome["resources"]["token"]["props"]["role"] == PROVISIONED["TOKEN_ROLE_ARN"]


def test_the_spools_file_has_the_same_account(made: Path) -> None:
    assert '\naccess: "shop"\n' in (made / "s.replay.yaml").read_text("utf-8")


def test_without_an_answer_that_has_no_default_nothing_is_made(
    s: Path, archive: Path, tmp_path: Path
) -> None:
    answers = {name: answer for name, answer in ANSWERS.items() if name != "project"}
    done = _init(s, tmp_path, archive, answers)
    assert done.returncode != 0
    assert not (tmp_path / "made/.env").exists()


def test_every_parameter_reaches_the_env_file() -> None:
    parameters = set(re.findall(r"^    (\w+):$", PUBLISH.partition("\n  properties:\n")[2], re.M))
    used = set(re.findall(r"\{\{ (?:if )?(\w+) \}\}", (HERE / "env.template").read_text("utf-8")))
    assert ANSWERS.keys() <= parameters
    assert used == parameters


def test_its_version_is_the_projects_and_the_changelogs(application: Path) -> None:
    version = re.search(r"^Version: (\S+)", PUBLISH, re.M)
    assert version is not None
    assert f'version = "{version[1]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert (application / "version.md").read_text("utf-8").startswith(f"## [{version[1]}]")


def test_the_newest_release_is_not_what_is_unreleased() -> None:
    log = "# Changelog\n\n## [Unreleased]\n- c\n\n## [2.0.0] - 2026-02-02\n- b\n\n## [1.0.0]\n- a\n"
    assert newest_changes(log) == "## [2.0.0] - 2026-02-02\n- b\n"
    with pytest.raises(ApplicationError, match="no release"):
        newest_changes("# Changelog\n\n## [Unreleased]\n- c\n")


def test_only_a_checkout_can_be_published(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ops.application.assemble.ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["--into", str(tmp_path / "out")]) == 1
    assert "the project must be a git checkout" in capsys.readouterr().err
