"""What is said of an engine that is not installed, and that nothing outlives a launch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.fc.function import ROOT
from tests.browser.engines.launch import NotInstalled, launched
from tests.support.children import ChildFailed, child, survivors, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not Path("/proc/self/environ").exists(), reason="looks for processes in Linux's /proc"
    ),
]


@pytest.mark.parametrize(
    ("name", "packages"), [("firefox", "firefox-esr"), ("webkit", "webkit2gtk-driver xvfb")]
)
def test_a_missing_engine_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, packages: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotInstalled, match=f"apt-get install {packages}"), launched(name):
        pass


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f"sleep 600 & echo $! > {started}; wait"

    with child(["sh", "-c", script], home=tmp_path) as process:
        pid = wait_for(lambda: started.exists() and started.read_text().strip(), process, 10)
        assert Path(f"/proc/{pid}").exists()
        assert int(pid) in survivors(tmp_path, patience=0)

    assert survivors(tmp_path) == []


def test_a_child_that_ends_too_early_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildFailed, match="ended with status 3"),
        child([sys.executable, "-c", "raise SystemExit(3)"], home=tmp_path) as process,
    ):
        wait_for(lambda: None, process, 10)


def test_a_child_that_is_never_ready_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildFailed, match="not ready after 0 s"),
        child(["sleep", "600"], home=tmp_path) as process,
    ):
        wait_for(lambda: None, process, 0)


def test_a_child_dies_with_whoever_started_it(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from tests.support.children import child, wait_for\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "with child(['sleep', '600'], home=home) as process:\n"
        "    name = pathlib.Path(f'/proc/{process.pid}/comm')\n"  # setpriv's until it has done its work
        "    wait_for(lambda: name.read_text() == 'sleep\\n', process, 30)\n"
        "    os._exit(0)\n"
    )

    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=True, timeout=60)

    assert survivors(tmp_path) == []
