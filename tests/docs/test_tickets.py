"""The examples of docs/tickets.md issue tickets that are accepted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.access.tickets import Tickets, to_base64url
from tests.support.node import HOME, run_module

KEY = bytes(range(7, 39))
TEXT = (Path(__file__).parents[2] / "docs/tickets.md").read_text()
# The required program, the example's file, and the command that runs it.
RUNTIMES = {
    "python": (sys.executable, "ticket.py", [sys.executable, "ticket.py"]),
    "java": ("java", "Ticket.java", ["java", "Ticket.java"]),
    "php": ("php", "ticket.php", ["php", "ticket.php"]),
    "go": ("go", "ticket.go", ["go", "run", "ticket.go"]),
}


def example(language: str) -> str:
    """Return the example: the block of its language that reads the key."""
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)
    (found,) = [block for block in blocks if "TICKET_KEY" in block]
    return str(found)


def accepted(printed: str) -> None:
    found = Tickets({"2026a": KEY}, 3600).check(printed.strip(), time.time())
    assert found.subject == "u-17"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKET_KEY", to_base64url(KEY))
    monkeypatch.setenv("TICKET_KID", "2026a")


@pytest.mark.parametrize("language", RUNTIMES)
def test_what_an_example_issues_is_accepted(language: str, tmp_path: Path) -> None:
    program, name, command = RUNTIMES[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / name).write_text(example(language))
    environ = {**os.environ, "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    accepted(done.stdout)


def test_what_the_example_for_node_issues_is_accepted() -> None:
    assert HOME.is_dir()
    accepted(run_module(example("js")))


def test_the_hour_of_a_cached_page_is_within_what_is_accepted() -> None:
    (formula,) = re.findall(r"`exp = (.*?)`", TEXT)
    for now in (0, 1, 3599, 3600, 1_800_000_123):
        exp = eval(formula, {"__builtins__": {}}, {"now": now})  # noqa: S307 - the documentation's own
        assert exp % 3600 == 0
        assert 24 * 3600 < exp - now <= 172_800
