"""Distributes the tests among pytest-xdist's workers (`make test`; `pytest -n 4`).

A worker gets a whole module, because of module-scoped fixtures, or a whole package if the package has
expensive fixtures: a browser, the functions' packages. The longest tests start first, so that no worker is
still busy with them when the others are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest

WHOLE = ("tests/browser", "tests/ops/package", "tests/ops/serverless_devs")
FIRST = (
    "tests/browser",
    "tests/soak",
    "tests/ops/serverless_devs",
    "tests/ops/package",
    "tests/attacks",
    "tests/local/test_stack_spool.py",
)


def longest_first(items: list[pytest.Item]) -> None:
    """Move the tests of FIRST to the front, in its order; the others keep theirs."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Return the scheduler for modules and the packages of WHOLE, in the order of collection."""
    config.option.loadscopereorder = False
    by_module = LoadScopeScheduling(config, log)
    by_module._split_scope = _scope
    return by_module


def _scope(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return next((package for package in WHOLE if module.startswith(f"{package}/")), module)
