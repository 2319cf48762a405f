"""Which package may import which: dependencies go one way, and functions are independent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOPS = ("functions", "shared", "local", "ops", "benchmarks", "tests", "web")

# A module may import its own package and the listed ones; the longest matching package name is used.
# `shared` itself is the lowest layer: settings, logs, the deadline and the credential module.
ALLOWED: dict[str, tuple[str, ...]] = {
    "shared": ("shared.network.address", "shared.http.errors"),
    "shared.network": ("shared.deadline",),
    "shared.alibaba": ("shared.credentials", "shared.network"),
    "shared.spool": ("shared.settings",),
    "shared.http": (
        *("shared.credentials", "shared.deadline", "shared.logs", "shared.settings"),
        "shared.network",
    ),
    "shared.access": ("shared.deadline", "shared.logs", "shared.settings", "shared.http", "shared.network"),
    "shared.hosts": (
        *("shared.credentials", "shared.deadline", "shared.logs", "shared.settings"),
        *("shared.http", "shared.network"),
    ),
    "functions.track": ("shared",),
    "functions.token": ("shared",),
    "functions.replay": ("shared",),
}
SOURCES = sorted(
    path
    for room in ("shared", "functions")
    for path in (ROOT / room).rglob("*.py")
    if path.stem != "__init__"
)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path: Path) -> Iterator[str]:
    """Yield the project's modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            # A name may be a module of the package, or something in it.
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            are_modules = [ROOT.joinpath(*name.split(".")).with_suffix(".py").exists() for name in below]
            names = below if all(are_modules) else [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name for name in names if name.partition(".")[0] in TOPS)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def room_of(name: str) -> str:
    return max((room for room in ALLOWED if within(name, room)), key=len)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_imports_only_rooms_below_its_own(path: Path) -> None:
    room = room_of(name_of(path))
    for imported in imports_of(path):
        fine = any(within(imported, allowed) for allowed in ALLOWED[room]) or (
            room_of(imported) == room if within(imported, "shared") else within(imported, room)
        )
        assert fine, f"{name_of(path)} imports {imported}"


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name_of(path): set(imports_of(path)) for path in SOURCES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " > ".join((*above, name))
        if name in done:
            return
        for imported in graph.get(name, ()):
            visit(imported, (*above, name))
        done.add(name)

    for name in graph:
        visit(name, ())
    assert done >= set(graph)


def test_only_the_entry_points_know_their_host() -> None:
    hosts = {
        name_of(path) for path in SOURCES if any(within(one, "shared.hosts") for one in imports_of(path))
    }
    outside = {name for name in hosts if not within(name, "shared.hosts")}
    assert outside
    assert {name.rpartition(".")[2] for name in outside} <= {"index", "__main__"}


def test_what_operators_run_needs_neither_tests_nor_benchmarks_nor_the_local_cloud() -> None:
    files = [path for path in (ROOT / "ops").rglob("*.py") if "node_modules" not in path.parts]
    assert files
    for path in files:
        for imported in imports_of(path):
            assert imported.partition(".")[0] in {"ops", "shared", "functions"}, (
                f"{name_of(path)}: {imported}"
            )
