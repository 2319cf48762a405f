"""The packages, made once for each runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.package.build import Built, build
from ops.package.contents import RUNTIMES, recipes


@pytest.fixture(scope="package", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def made() -> dict[str, dict[str, Built]]:
    """The packages by runtime, cached because pytest may return to a runtime."""
    return {}


@pytest.fixture(scope="package")
def packages(
    runtime: str, made: dict[str, dict[str, Built]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Built]:
    if runtime not in made:
        into: Path = tmp_path_factory.mktemp(runtime)
        made[runtime] = {
            name: build(recipe, runtime, into / name) for name, recipe in recipes(runtime).items()
        }
    return made[runtime]
