"""The contents of each package: the project's modules, and the wheels in its lock files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ops.package.errors import PackageError

ROOT = Path(__file__).parents[2]

BUILT_IN = {"python3.12": "3.12", "python3.10": "3.10"}  # Function Compute's, with CPython's version
CUSTOM = "custom.debian11"  # serves many requests at once in one instance
RUNTIMES = {**BUILT_IN, CUSTOM: "3.12"}
CODE_DIRECTORY = "/code"  # where Function Compute puts the package; tracebacks name files under it


class Recipe(NamedTuple):
    """One function's package. `limit` is in bytes, unpacked.

    `locks` are the lock files (pip's format, with hashes) of the wheels; `rooms` are the directories of the
    project's modules. `serves` is true for a custom runtime, where the package is an HTTP server; each kind
    of runtime gets only its own host from `shared/hosts`. `counts_in_store` is true if the package includes
    the client of RATE_LIMIT_STORE.
    """

    name: str
    limit: int
    locks: tuple[str, ...]
    rooms: tuple[str, ...]
    runtimes: tuple[str, ...] = tuple(RUNTIMES)
    serves: bool = False
    counts_in_store: bool = False

    def on(self, runtime: str) -> Recipe:
        """Return the recipe for a runtime; the custom runtime also needs a server. Raises PackageError."""
        if runtime not in self.runtimes:
            raise PackageError(f"{self.name} runs on {' and '.join(self.runtimes)}, not on {runtime}")
        if runtime != CUSTOM:
            return self
        return self._replace(
            limit=self.limit + SERVER_LIMIT,
            locks=(*self.locks, "custom-runtime.lock"),
            serves=True,
        )

    def with_store(self) -> Recipe:
        """Return the recipe with the client that RATE_LIMIT_STORE needs."""
        return self._replace(
            limit=self.limit + STORE_LIMIT,
            locks=(*self.locks, "redis.lock"),
            counts_in_store=True,
        )

    @property
    def requirements(self) -> list[Path]:
        """The lock files, for pip's `-r`."""
        return [Path(__file__).with_name(name) for name in self.locks]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The project's modules in `rooms`, relative to ROOT, at their paths in the package."""
        found = [ROOT / "functions/__init__.py"]
        for directory in self.rooms:
            found += sorted((ROOT / directory).rglob("*.py"))
            found += sorted((ROOT / directory).rglob("isbot/*"))  # data: track's patterns and their licence
        paths = (path.relative_to(ROOT) for path in found)
        return tuple(path for path in paths if not self._left_out(path))

    def _left_out(self, path: Path) -> bool:
        if path == Path("shared/access/redis_scripts.py"):
            return not self.counts_in_store
        if self.serves:
            return path.name == "index.py" or path == Path("shared/hosts/builtin.py")
        return path.name == "__main__.py" or path.is_relative_to("shared/hosts/custom")

    @property
    def root_modules(self) -> dict[str, str]:
        """The modules in the package's root.

        A built-in runtime calls `index.handler` and `index.initialize`.
        """
        if self.serves:
            return {}
        importer = Path(__file__).with_name("bytecode_file.py").read_text()
        return {"index.py": _ENTRY_POINT.format(name=self.name), "bytecode_file.py": importer}


_ENTRY_POINT = '''"""The entry points for Function Compute."""

import gc

gc.disable()  # imported objects stay alive: collecting garbage here only slows a cold start

from bytecode_file import install  # noqa: E402

install(__file__.rpartition("/")[0])

from functions.{name}.index import handler, initialize  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["handler", "initialize"]
'''


def _function(name: str, limit: int, runtimes: Iterable[str] = RUNTIMES) -> Recipe:
    own = (f"functions/{name}", "shared")
    return Recipe(name, limit, (f"{name}.lock",), own, tuple(runtimes))


STORE_LIMIT = 6_000_000  # bytes of the client of RATE_LIMIT_STORE, unpacked, with its bytecode
SERVER_LIMIT = 3_000_000  # bytes of the custom runtime's event loop and parser, unpacked

RECIPES = {
    "track": _function("track", 2_000_000),
    "token": _function("token", 4_000_000),
    # One run a minute: concurrency has no benefit.
    "replay": _function("replay", 2_000_000, runtimes=BUILT_IN),
}

LIMITED = ("track", "token")  # the functions that read RATE_LIMIT_STORE


def recipes(runtime: str) -> dict[str, Recipe]:
    """Return the recipes that support `runtime` (one of RUNTIMES), by name."""
    return {name: recipe for name, recipe in RECIPES.items() if runtime in recipe.runtimes}
