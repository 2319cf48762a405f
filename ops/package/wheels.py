"""Unpacks the wheels for Function Compute's platform with pip, and selects the files of a recipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ops.package.contents import Recipe
from ops.package.elf import stripped
from ops.package.errors import PackageError

# Function Compute's python3.10 runs on Debian 10 (glibc 2.28), python3.12 and custom.debian11 on
# Debian 11 (2.31).
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")


def unpack(recipe: Recipe, version: str, directory: Path) -> None:
    """Have pip unpack the locked wheels for this CPython into the directory. Raises PackageError."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--target", str(directory), "--no-deps", "--no-compile", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", version]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    for lock in recipe.requirements:
        command += ["-r", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"pip could not download the wheels of {recipe.name}:\n{done.stderr.strip()}")


def choose(recipe: Recipe, unpacked: Path) -> dict[str, bytes]:
    """Return the files of the recipe, by their path in the package. Raises PackageError.

    A pattern without a match is an error: a new release has moved files, and the list is out of date.
    """
    chosen: dict[str, bytes] = {}
    for pattern in recipe.files:
        found = [path for path in unpacked.glob(pattern) if path.is_file()]
        if not found:
            raise PackageError(f"{pattern}: no file in the wheels of {recipe.name} matches")
        for path in found:
            content = path.read_bytes()
            name = path.relative_to(unpacked).as_posix()
            chosen[name] = stripped(content) if path.suffix == ".so" else content
    return chosen
