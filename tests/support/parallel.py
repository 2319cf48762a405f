"""How the tests are shared out among pytest-xdist's workers (`make test`; `pytest -n 4`).

A worker gets a whole module, as module-scoped fixtures want it, or a whole package where the package has
fixtures that are dear to make: a browser, the functions' packages. What takes longest is handed out first, so
that no worker is left with it when the others are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest

WHOLE = ("tests/browser", "tests/ops/package", "tests/ops/serverless_devs")
FIRST = (
    "tests/soak",
    "tests/ops/package",
    "tests/browser",
    "tests/attacks",
    "tests/local/test_stack_spool.py",
)


def longest_first(items: list[pytest.Item]) -> None:
    """Bring those of FIRST to the front, in its order; the others keep theirs."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Return what hands out modules, and the packages of WHOLE, in the order in which they were collected."""
    config.option.loadscopereorder = False
    by_module = LoadScopeScheduling(config, log)
    by_module._split_scope = _scope
    return by_module


def _scope(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return next((package for package in WHOLE if module.startswith(f"{package}/")), module)
