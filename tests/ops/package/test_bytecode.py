"""The bytecode in a package: complete, found without a look at the sources, and never needed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.package.build import Built
from ops.package.bytecode import compile_all
from ops.package.bytecode_file import Bytecode, install
from ops.package.contents import BUILT_IN, CUSTOM, RUNTIMES
from ops.package.errors import PackageError
from tests.ops.package.alone import event, invoke, python_of

NAMES = {"SLS_PROJECT": "shop-logs", "SLS_LOGSTORES": "web"}
CHECKED_BY_NOTHING = "01000000"  # flags of PEP 552: by hash, not checked
HEALTHZ = [event("/healthz")]

_TABLE = """
import json, marshal, sys
content = open(sys.argv[1], "rb").read()
start = int.from_bytes(content[:4], "little")
codes = {
    name: (path, marshal.loads(content[start + begin : start + end]).co_filename)
    for name, (path, begin, end) in marshal.loads(content[4:start]).items()
}
print(json.dumps(codes))
"""
_LOADED = """
import json, sys
sys.path.insert(0, ".")
import index
found = {
    name: (type(module.__loader__).__name__, module.__file__, module.__package__, module.__spec__.origin)
    for name, module in sys.modules.items()
    if name.partition(".")[0] in ("functions", "shared", "msgspec")
}
print(json.dumps(found))
"""


def _run(python: str, code: str, *arguments: str, cwd: Path) -> Any:
    command = [python, "-I", "-S", "-B", "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _tag(runtime: str) -> str:
    return f"cpython-{RUNTIMES[runtime].replace('.', '')}"


def _sources(package: Path) -> set[str]:
    return {path.relative_to(package).as_posix() for path in package.rglob("*.py")}


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
@pytest.mark.parametrize("name", ["track", "token", "replay"])
def test_one_file_has_the_bytecode_of_every_source(
    runtime: str, packages: dict[str, Built], name: str
) -> None:
    package = packages[name].directory
    codes = _run(python_of(runtime), _TABLE, f"bytecode.{_tag(runtime)}.bin", cwd=package)
    below = {path for path in _sources(package) if "/" in path}
    assert codes == {_module(path): [path, f"/code/{path}"] for path in below}
    assert {path.name for path in package.rglob("__pycache__/*")} == {
        f"{stem}.{_tag(runtime)}.pyc" for stem in ("index", "bytecode_file")
    }
    assert [path.parent for path in package.rglob("__pycache__")] == [package]


def test_pyc_files_are_never_compared_with_their_sources(runtime: str, packages: dict[str, Built]) -> None:
    code = "import importlib.util, json; print(json.dumps(importlib.util.MAGIC_NUMBER.hex()))"
    for built in packages.values():
        magic = _run(python_of(runtime), code, cwd=built.directory)
        compiled = list(built.directory.rglob("*.pyc"))
        assert {path.read_bytes()[:8].hex() for path in compiled} == {magic + CHECKED_BY_NOTHING}
        if runtime == CUSTOM:
            assert len(compiled) == len(_sources(built.directory))
            assert not list(built.directory.rglob("*.bin"))


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_the_function_is_imported_from_that_file(runtime: str, packages: dict[str, Built]) -> None:
    package = packages["track"].directory
    found = _run(python_of(runtime), _LOADED, cwd=package)
    compiled = found.pop("msgspec._core")
    assert compiled[0] == "ExtensionFileLoader"
    assert "functions.track.service" in found
    for name, (loader, file, parent, origin) in found.items():
        assert (loader, origin) == ("Bytecode", file)
        assert _module(Path(file).relative_to(package).as_posix()) == name
        assert Path(file).is_file()
        assert parent == (name if file.endswith("__init__.py") else name.rpartition(".")[0])


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_a_traceback_names_the_file_and_the_line(runtime: str, packages: dict[str, Built]) -> None:
    code = """
import json, sys, traceback
sys.path.insert(0, ".")
import index
from functions.track.upload import encode
try:
    encode(None, {}, None)
except AttributeError:
    print(json.dumps(traceback.format_exc()))
"""
    said = _run(python_of(runtime), code, cwd=packages["track"].directory)
    source = packages["track"].directory / "functions/track/upload.py"
    number = source.read_text().splitlines().index("    logs = batch.logs") + 1
    assert f'File "/code/functions/track/upload.py", line {number}, in encode' in said


@pytest.mark.parametrize("runtime", BUILT_IN, indirect=True, scope="package")
def test_without_a_file_for_its_cpython_a_package_answers_all_the_same(
    runtime: str, packages: dict[str, Built], tmp_path: Path
) -> None:
    other = shutil.copytree(packages["track"].directory, tmp_path / "track")
    (other / f"bytecode.{_tag(runtime)}.bin").rename(other / "bytecode.cpython-27.bin")
    ran = invoke(python_of(runtime), other, HEALTHZ, NAMES)
    assert [answer["statusCode"] for answer in ran["answers"]] == [200]


def test_a_module_that_cannot_be_compiled_stops_the_build_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("")
    (tmp_path / "broken.py").write_text("def")
    with pytest.raises(PackageError, match=r"(?s)^compileall failed:\n.*broken\.py.*SyntaxError"):
        compile_all(sys.executable, tmp_path)


def test_other_modules_are_left_to_python(tmp_path: Path) -> None:
    finder = Bytecode(str(tmp_path), {"a": ("a.py", 0, 0)}, memoryview(b""))
    assert finder.find_spec("b") is None
    assert finder.find_spec("a.b") is None
    install(str(tmp_path))  # an empty directory: nothing is installed
    assert not [one for one in sys.meta_path if isinstance(one, Bytecode)]
