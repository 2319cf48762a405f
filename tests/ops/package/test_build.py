"""What a package is made of, and that it comes out the same every time."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from ops.package import bytecode, command
from ops.package.build import EPOCH, Built, build
from ops.package.contents import RECIPES, ROOT
from ops.package.elf import stripped
from ops.package.errors import PackageError
from ops.package.wheels import choose
from tests.ops.package.alone import python_of

NAMES = list(RECIPES)


def _fingerprint(directory: Path) -> dict[str, tuple[int, float, str]]:
    return {
        path.relative_to(directory).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [directory, *directory.rglob("*")]
    }


@pytest.mark.parametrize("name", NAMES)
def test_building_twice_gives_the_same_bytes_times_and_modes(
    runtime: str, packages: dict[str, Built], name: str, tmp_path: Path
) -> None:
    again = build(RECIPES[name], runtime, tmp_path / "elsewhere" / name)
    assert _fingerprint(again.directory) == _fingerprint(packages[name].directory)


@pytest.mark.parametrize("name", NAMES)
def test_building_over_an_old_package_leaves_nothing_of_it(runtime: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "old.py").write_text("")
    built = build(RECIPES[name], runtime, tmp_path / name)
    assert not (built.directory / "old.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("name", "limit"), [("track", 2_000_000), ("token", 4_000_000)])
def test_a_package_is_small(packages: dict[str, Built], name: str, limit: int) -> None:
    files = [path for path in packages[name].directory.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) == packages[name].size
    assert packages[name].size < limit


@pytest.mark.parametrize("name", NAMES)
def test_everything_has_the_same_time(packages: dict[str, Built], name: str) -> None:
    times = {path.stat().st_mtime for path in packages[name].directory.rglob("*")}
    assert times == {EPOCH}


@pytest.mark.parametrize("name", NAMES)
def test_every_source_has_bytecode_that_is_never_compared_with_it(
    runtime: str, packages: dict[str, Built], name: str
) -> None:
    python = python_of(runtime)
    code = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex(), end='')"
    magic = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    for source in packages[name].directory.rglob("*.py"):
        tag = f"cpython-{runtime.removeprefix('python').replace('.', '')}"
        header = (source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc").read_bytes()[:8]
        assert header.hex() == magic + "01000000"  # flags of PEP 552: by hash, not checked


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_this_machine_is_in_a_package(packages: dict[str, Built], name: str) -> None:
    contents = [path.read_bytes() for path in packages[name].directory.rglob("*") if path.is_file()]
    places = [str(ROOT).encode(), str(packages[name].directory.parent).encode()]
    assert not [place for place in places if any(place in content for content in contents)]


@pytest.mark.parametrize("name", NAMES)
def test_a_package_carries_the_licences_of_the_wheels_that_have_one(
    packages: dict[str, Built], name: str
) -> None:
    assert len(list(packages[name].directory.rglob("LICENSE"))) == 2


def test_without_the_runtimes_cpython_a_line_says_that_bytecode_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ops.package.build.interpreter", lambda _: None)
    assert command.main(["track", "--into", str(tmp_path)]) == 0
    assert "without bytecode: no CPython 3.12" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_pattern_that_finds_nothing_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no such file in the wheels of track"):
        choose(RECIPES["track"], tmp_path)


def test_a_package_over_its_limit_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    old = tmp_path / "track"
    old.mkdir()
    with pytest.raises(PackageError, match="more than its 1,000"):
        build(RECIPES["track"]._replace(limit=1000), "python3.12", old)
    assert old.is_dir()


def test_pips_refusal_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "track.lock"
    lock.write_text(f"lz4==4.4.5 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr("ops.package.contents.Recipe.lock", lock)
    with pytest.raises(PackageError, match="DO NOT MATCH THE HASHES"):
        build(RECIPES["track"], "python3.12", tmp_path / "out")


def test_the_locked_wheels_are_those_of_the_requirements() -> None:
    required = dict(re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.M))
    for recipe in RECIPES.values():
        locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", recipe.lock.read_text(), re.M))
        shared = locked.keys() & required.keys()
        assert shared
        assert {name: locked[name] for name in shared} == {name: required[name] for name in shared}


def test_a_stripped_module_still_loads() -> None:
    spec = importlib.util.find_spec("lz4.block._block")
    assert spec is not None
    assert spec.origin is not None
    image = Path(spec.origin).read_bytes()
    assert 0 < len(stripped(image)) < len(image)
    assert stripped(stripped(image)) == stripped(image)


@pytest.mark.parametrize("image", [b"", b"\x7fELF\x01\x01" + bytes(64), b"MZ" + bytes(64)])
def test_what_is_not_a_64_bit_elf_file_is_not_stripped(image: bytes) -> None:
    with pytest.raises(ValueError, match="not a 64-bit"):
        stripped(image)


def test_an_interpreter_is_found_by_its_version_and_only_that() -> None:
    assert bytecode.interpreter("2.99") is None
