"""What goes into each package, by explicit lists: whatever they do not name stays out.

Left out of the wheels: tests, type stubs, metadata beyond the licences, lz4's frame format, and of the
STS SDK all but the models and the modules they import. Its client, and alibabacloud-credentials with the
default chain, are for machines off Function Compute; on it, credentials come from the context or the
environment. tests/ops/package runs each package by itself, which is how the lists are known to be enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

RUNTIMES = {"python3.12": "3.12", "python3.10": "3.10"}  # Function Compute's, with CPython's version
CODE_DIRECTORY = "/code"  # where Function Compute puts the package; tracebacks name files under it

MSGSPEC = ("msgspec/*.py", "msgspec/_core*.so", "msgspec-*.dist-info/licenses/LICENSE")
LZ4_BLOCK = (
    "lz4/__init__.py",
    "lz4/version.py",
    "lz4/_version*.so",
    "lz4/block/__init__.py",
    "lz4/block/_block*.so",
    "lz4-*.dist-info/licenses/LICENSE",
)
STS_MODELS = (
    "alibabacloud_sts20150401/__init__.py",
    "alibabacloud_sts20150401/models/*.py",
    "alibabacloud_sts20150401-*.dist-info/LICENSE",
    "darabonba/__init__.py",
    "darabonba/exceptions.py",
    "darabonba/model.py",
    "darabonba/policy/*.py",
    "Tea/__init__.py",
    "Tea/exceptions.py",
    "Tea/model.py",
    "Tea/request.py",
)


class Recipe(NamedTuple):
    """One function's package. `files` are patterns in what pip unpacks, `limit` is in bytes, unpacked."""

    name: str
    files: tuple[str, ...]
    limit: int

    @property
    def lock(self) -> Path:
        """The exact wheels, with their hashes, in pip's format."""
        return Path(__file__).with_name(f"{self.name}.lock")

    @property
    def sources(self) -> tuple[Path, ...]:
        """The project's own modules, from ROOT: the function's and shared/, at their package paths."""
        found = [ROOT / "functions/__init__.py"]
        for directory in (f"functions/{self.name}", "shared"):
            found += sorted((ROOT / directory).rglob("*.py"))
        return tuple(path.relative_to(ROOT) for path in found)

    @property
    def entry_point(self) -> str:
        """The root module that Function Compute's `index.handler` and `index.initialize` name."""
        return (
            f'"""Where Function Compute finds the function."""\n\n'
            f"from functions.{self.name}.index import handler, initialize\n\n"
            f'__all__ = ["handler", "initialize"]\n'
        )


RECIPES = {
    "track": Recipe("track", MSGSPEC + LZ4_BLOCK, 2_000_000),
    "token": Recipe("token", MSGSPEC + STS_MODELS, 4_000_000),
}
