"""Imports a package's modules from one file of bytecode: opening fifty files would lengthen a cold start.

`make package` puts this module into the packages for built-in runtimes, beside `bytecode.cpython-312.bin` or
`bytecode.cpython-310.bin`. The package also contains the sources, for tracebacks. If there is no file for the
running CPython, `install` does nothing, and Python compiles the sources.
"""

from __future__ import annotations

import marshal
import sys
from _frozen_importlib import ModuleSpec  # also in importlib.machinery, but that needs one more import
from collections.abc import Mapping, Sequence
from types import ModuleType

Modules = Mapping[str, tuple[str, int, int]]
"""For each module's name: its path, relative to the package's root; start and end of its code in the file."""


class Bytecode:
    """Finds and loads modules (PEP 451), on `sys.meta_path`.

    It has no base class of importlib.abc, to save that import.
    """

    def __init__(self, root: str, modules: Modules, code: memoryview) -> None:
        """`root` is the directory of the package; `code` has each module's code, marshalled."""
        self._root = root
        self._modules = modules
        self._code = code

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the package; None for other modules, which Python then finds."""
        found = self._modules.get(name)
        if found is None:
            return None
        directory, _, file = found[0].rpartition("/")
        is_package = file == "__init__.py"
        origin = f"{self._root}/{found[0]}"
        spec = ModuleSpec(name, self, origin=origin, is_package=is_package)  # type: ignore[arg-type]
        if is_package:  # compiled modules are found there
            spec.submodule_search_locations = [f"{self._root}/{directory}"]
        return spec

    def create_module(self, _spec: ModuleSpec) -> None:
        """Return None, so that Python creates the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        path, start, end = self._modules[module.__name__]
        module.__file__ = f"{self._root}/{path}"
        exec(marshal.loads(self._code[start:end]), module.__dict__)  # noqa: S102, S302 - the package's own code


def install(root: str) -> None:
    """Make Python import the modules of the package in `root` from its file of bytecode, if it has one."""
    try:
        with open(f"{root}/bytecode.{sys.implementation.cache_tag}.bin", "rb") as file:  # noqa: PTH123
            content = memoryview(file.read())
    except FileNotFoundError:
        return
    code = int.from_bytes(content[:4], "little")  # where the code starts, after the table
    modules = marshal.loads(content[4:code])  # noqa: S302 - trusted as much as the sources beside it
    sys.meta_path.insert(0, Bytecode(root, modules, content[code:]))
