"""The packages, made once for each runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.package.build import Built, build
from ops.package.contents import RECIPES, RUNTIMES


@pytest.fixture(scope="package", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="package")
def packages(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    into: Path = tmp_path_factory.mktemp(runtime)
    return {name: build(recipe, runtime, into / name) for name, recipe in RECIPES.items()}
