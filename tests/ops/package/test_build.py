"""The contents of a package, and that a build is reproducible."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from ops.package import bytecode, command
from ops.package.build import EPOCH, Built, build
from ops.package.contents import CUSTOM, RECIPES, ROOT, RUNTIMES, recipes
from ops.package.elf import stripped
from ops.package.errors import PackageError
from ops.package.wheels import modules_and_licences

LIMITS = {"track": 2_000_000, "token": 4_000_000, "replay": 2_000_000}  # bytes
LICENSED = {
    "track": {"lz4"},
    "token": {"alibabacloud_sts20150401"},
    "replay": set(),
}
SERVER_WHEELS = {"httptools", "uvloop"}

each = pytest.mark.parametrize(
    ("runtime", "name"),
    [(runtime, name) for runtime in RUNTIMES for name in recipes(runtime)],
    indirect=["runtime"],
    scope="package",
)


def _fingerprint(directory: Path) -> dict[str, tuple[int, float, str]]:
    return {
        path.relative_to(directory).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [directory, *directory.rglob("*")]
    }


@each
def test_building_twice_gives_the_same_bytes_times_and_modes(
    runtime: str, packages: dict[str, Built], name: str, tmp_path: Path
) -> None:
    again = build(RECIPES[name], runtime, tmp_path / "elsewhere" / name)
    assert _fingerprint(again.directory) == _fingerprint(packages[name].directory)


def test_building_over_an_old_package_leaves_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "track").mkdir()
    (tmp_path / "track/old.py").write_text("")
    built = build(RECIPES["track"], "python3.12", tmp_path / "track")
    assert not (built.directory / "old.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["track"]


@each
def test_a_package_is_small(runtime: str, packages: dict[str, Built], name: str) -> None:
    files = [path for path in packages[name].directory.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) == packages[name].size
    assert packages[name].size < LIMITS[name] + (3_000_000 if runtime == CUSTOM else 0)


@each
def test_everything_has_the_same_time(packages: dict[str, Built], name: str) -> None:
    times = {path.stat().st_mtime for path in packages[name].directory.rglob("*")}
    assert times == {EPOCH}


@each
def test_no_path_of_this_machine_is_in_a_package(packages: dict[str, Built], name: str) -> None:
    contents = [path.read_bytes() for path in packages[name].directory.rglob("*") if path.is_file()]
    places = [str(ROOT).encode(), str(packages[name].directory.parent).encode()]
    assert not [place for place in places if any(place in content for content in contents)]


@each
def test_a_package_carries_the_licences_of_the_wheels_that_have_one(
    runtime: str, packages: dict[str, Built], name: str
) -> None:
    licences = [*packages[name].directory.glob("*.dist-info/**/LICENSE*")]
    wheels = {path.relative_to(packages[name].directory).parts[0].partition("-")[0] for path in licences}
    assert wheels == LICENSED[name] | {"msgspec"} | (SERVER_WHEELS if runtime == CUSTOM else set())


def test_only_the_custom_runtimes_packages_have_a_server(runtime: str, packages: dict[str, Built]) -> None:
    for built in packages.values():
        names = {path.name for path in built.directory.iterdir()}
        hosts = {path.stem for path in built.directory.glob("shared/hosts/*")} - {"__init__", "__pycache__"}
        assert names & SERVER_WHEELS == (SERVER_WHEELS if runtime == CUSTOM else set())
        assert hosts == {"custom" if runtime == CUSTOM else "builtin"}
        assert ("index.py" in names) == (runtime != CUSTOM)


def test_without_the_runtimes_cpython_a_line_says_that_bytecode_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ops.package.build.interpreter", lambda _: None)
    assert command.main(["track", "--into", str(tmp_path)]) == 0
    assert "without bytecode: no CPython 3.12" in capsys.readouterr().out
    assert not [*tmp_path.rglob("*.pyc"), *tmp_path.rglob("*.bin")]


def test_replay_is_not_packaged_for_the_custom_runtime(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command.main(["replay", "--runtime", CUSTOM, "--into", str(tmp_path)]) == 1
    assert f"replay runs on python3.12 and python3.10, not on {CUSTOM}" in capsys.readouterr().err


def test_of_the_wheels_modules_and_licences_are_packaged_and_nothing_else(tmp_path: Path) -> None:
    kept = ("m/__init__.py", "m-1.dist-info/LICENSE.txt", "m-1.dist-info/licenses/vendor/v/LICENSE-MIT")
    left_out = (
        *("bin/m", "m/LICENSES/m", "m/py.typed", "m/__init__.pyi", "m/core.pyx", "m/core.pxd"),
        *("m-1.dist-info/METADATA", "m-1.dist-info/RECORD", "m-1.dist-info/licenses/AUTHORS"),
    )
    for name in (*kept, *left_out):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert modules_and_licences(tmp_path) == {name: name.encode() for name in kept}


def test_a_package_over_its_limit_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    old = tmp_path / "track"
    old.mkdir()
    with pytest.raises(PackageError, match="the limit is 1,000"):
        build(RECIPES["track"]._replace(limit=1000), "python3.12", old)
    assert old.is_dir()


def test_pips_refusal_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "track.lock"
    lock.write_text(f"lz4==4.4.5 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr("ops.package.contents.Recipe.requirements", [lock])
    with pytest.raises(PackageError, match="DO NOT MATCH THE HASHES"):
        build(RECIPES["track"], "python3.12", tmp_path / "out")


def test_the_locked_wheels_are_those_of_the_requirements(runtime: str) -> None:
    required = _pins(ROOT / "requirements.txt", ROOT / "requirements/custom-runtime.txt")
    for recipe in recipes(runtime).values():
        locked = _pins(*recipe.on(runtime).requirements)
        shared = locked.keys() & required.keys()
        assert shared
        assert {name: locked[name] for name in shared} == {name: required[name] for name in shared}


def test_all_that_the_runtime_requires_is_in_its_package() -> None:
    required = _pins(ROOT / "requirements/custom-runtime.txt")
    assert required.items() <= _pins(*RECIPES["track"].on(CUSTOM).requirements).items()


def _pins(*files: Path) -> dict[str, str]:
    return {
        name: version
        for file in files
        for name, version in re.findall(r"^([\w-]+)==([\w.]+)", file.read_text(), re.M)
    }


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
