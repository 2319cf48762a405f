"""Builds one package. The same commit gives the same bytes: sorted, with fixed times and modes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from ops.package.bytecode import compile_all, interpreter, into_one_file
from ops.package.contents import ROOT, RUNTIMES, Recipe
from ops.package.errors import PackageError
from ops.package.wheels import modules_and_licences, unpack

EPOCH = 946_684_800  # 2000-01-01: zip archives cannot have times before 1980


class Built(NamedTuple):
    """A finished package; `size` is in bytes, unpacked."""

    directory: Path
    size: int
    bytecode: bool


def build(recipe: Recipe, runtime: str, target: Path) -> Built:
    """Build the package in `target`; an existing one is replaced once the new one is complete.

    `runtime` is one of RUNTIMES. Raises PackageError.
    """
    version, recipe = RUNTIMES[runtime], recipe.on(runtime)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{recipe.name}-") as scratch:
        wheels, package = Path(scratch, "wheels"), Path(scratch, "package")
        unpack(recipe, version, wheels)
        _write(package, {**modules_and_licences(wheels), **_project_files(recipe)})
        python = interpreter(version)
        if python:
            compile_all(python, package)
            if not recipe.serves:
                into_one_file(package)
        size = _normalize(package)
        if size > recipe.limit:
            raise PackageError(f"{recipe.name} has {size:,} bytes; the limit is {recipe.limit:,}")
        shutil.rmtree(target, ignore_errors=True)
        package.rename(target)
    return Built(target, size, python is not None)


def _project_files(recipe: Recipe) -> dict[str, bytes]:
    files = {path.as_posix(): (ROOT / path).read_bytes() for path in recipe.sources}
    return {**{name: text.encode() for name, text in recipe.root_modules.items()}, **files}


def _write(package: Path, files: dict[str, bytes]) -> None:
    for name in sorted(files):
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def _normalize(package: Path) -> int:
    """Set the same time and mode everywhere, children before their directory; returns the size in bytes."""
    size = 0
    for path in sorted(package.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (EPOCH, EPOCH))
        size += path.stat().st_size if path.is_file() else 0
    package.chmod(0o755)
    os.utime(package, (EPOCH, EPOCH))
    return size
