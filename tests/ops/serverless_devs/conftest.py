"""s.yaml, s.replay.yaml and s.concurrent.yaml, each rendered once by the real command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ops.serverless_devs import render


@pytest.fixture(scope="session")
def s() -> Path:
    return render.command()


@pytest.fixture(scope="session")
def template() -> str:
    return (render.ROOT / "s.yaml").read_text()


@pytest.fixture(scope="session")
def outcome(s: Path, template: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = render.preview(s, template, tmp_path_factory.mktemp("preview"), render.VARIABLES)
    return render.rendered(done)


@pytest.fixture(scope="session")
def concurrent(s: Path, template: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    directory = tmp_path_factory.mktemp("concurrent")
    return render.rendered(render.preview(s, template, directory, render.VARIABLES, way="s.concurrent.yaml"))


@pytest.fixture(scope="session")
def replay(s: Path, template: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    variables = {**render.VARIABLES, **render.SPOOL}
    done = render.preview(s, template, tmp_path_factory.mktemp("replay"), variables, way="s.replay.yaml")
    return render.rendered(done)
