"""Compiles bytecode for the target's CPython, so that a cold start compiles nothing.

The `.pyc` files are unchecked hash-based: Python never compares them with time stamps or sources. A package
for a built-in runtime has them in one file, from which `bytecode_file` imports.
"""

from __future__ import annotations

import marshal
import subprocess
from pathlib import Path

from ops.package.contents import CODE_DIRECTORY, ROOT
from ops.package.errors import PackageError


def interpreter(version: str) -> str | None:
    """Return a CPython of this minor version from the PATH or pyenv, None if there is none."""
    finder = ["sh", str(ROOT / "ops/find-python"), version]
    found = subprocess.run(finder, capture_output=True, text=True, check=False).stdout.strip()
    return found or None


def compile_all(python: str, directory: Path) -> None:
    """Compile every module in the directory, reproducibly. Raises PackageError."""
    command = [python, "-s", "-S", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(directory), "-p", CODE_DIRECTORY, str(directory)]
    # The hash seed decides the order in which a constant set is written. -I would ignore the variable, so
    # the environment has only this variable, and the working directory contains no module.
    done = subprocess.run(
        command,
        cwd=directory.parent,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"compileall failed:\n{done.stdout.strip() or done.stderr.strip()}")


_HEADER = 16  # bytes of a .pyc file before the code (PEP 552)
_PLAIN = 2  # the newest version of marshal without references: equal tables give equal bytes


def into_one_file(directory: Path) -> None:
    """Move the bytecode of a compiled package to one file, except the bytecode of modules in its root.

    The file contains: the offset of the code (4 bytes, little endian), the marshalled table of modules
    (`bytecode_file.Modules`), and the modules' code.
    """
    table: dict[str, tuple[str, int, int]] = {}
    codes: list[bytes] = []
    end, tag = 0, ""
    for compiled in sorted(directory.rglob("*/__pycache__/*.pyc")):
        stem, tag, _ = compiled.name.split(".")
        source = compiled.parent.parent.relative_to(directory) / f"{stem}.py"
        parts = source.parent.parts if stem == "__init__" else (*source.parent.parts, stem)
        codes.append(compiled.read_bytes()[_HEADER:])
        start, end = end, end + len(codes[-1])
        table[".".join(parts)] = (source.as_posix(), start, end)
        compiled.unlink()
    for emptied in directory.rglob("*/__pycache__"):
        emptied.rmdir()
    head = marshal.dumps(table, _PLAIN)
    size = (4 + len(head)).to_bytes(4, "little")
    (directory / f"bytecode.{tag}.bin").write_bytes(b"".join((size, head, *codes)))
