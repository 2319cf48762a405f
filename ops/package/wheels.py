"""Unpacks the wheels for Function Compute's platform with pip, and selects the files to package."""

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
    """Unpack the locked wheels for this CPython into the directory with pip. Raises PackageError."""
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


def modules_and_licences(unpacked: Path) -> dict[str, bytes]:
    """Return the files to package, by their path in the package: modules and licences.

    Left out are metadata, type stubs, Cython's sources and the scripts of command lines.
    """
    found: dict[str, bytes] = {}
    for path in unpacked.rglob("*"):
        name = path.relative_to(unpacked).as_posix()
        if path.suffix == ".so":
            found[name] = stripped(path.read_bytes())
        elif path.suffix == ".py" or _is_licence(path):
            found[name] = path.read_bytes()
    return found


def _is_licence(path: Path) -> bool:
    return path.is_file() and path.name.startswith("LICENSE") and ".dist-info/" in path.as_posix()
