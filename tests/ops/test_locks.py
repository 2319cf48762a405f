"""Every installed package is in a lock file with its hash, and no lock file contains a registry's address."""

from __future__ import annotations

import ast
import json
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted([*ROOT.glob("requirements/*.lock"), *ROOT.glob("ops/package/*.lock")])
NPM_LOCKS = tuple(
    ROOT / folder / "package-lock.json" for folder in ("web", "ops/serverless-devs", "tests/node")
)

_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.M)
# pip's format, as `make lock` writes it: one requirement over several lines.
_LOCKED = re.compile(r"^([\w.-]+)==(\S+)(?: ;[^\\\n]*)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.M)


def _name(lock: Path) -> str:
    return lock.relative_to(ROOT).as_posix()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _listed(path: Path) -> dict[str, set[str]]:
    """Return the pins of a requirements file and its includes; a name may have one per Python version."""
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            for name, versions in _listed(path.parent / line[3:]).items():
                found.setdefault(name, set()).update(versions)
        elif pin := _PIN.match(line):
            found.setdefault(_normal(pin[1]), set()).add(pin[2].rstrip(";"))
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=_name)
def test_every_requirement_of_a_lock_file_has_a_hash(lock: Path) -> None:
    text = lock.read_text()
    with_hashes = [match[1] for match in _LOCKED.finditer(text)]
    assert with_hashes
    assert with_hashes == [match[1] for match in _PIN.finditer(text)]


@pytest.mark.parametrize("lock", LOCKS, ids=_name)
def test_a_lock_file_has_what_its_list_names(lock: Path) -> None:
    listed = _listed(lock.with_suffix(".txt"))
    locked = _listed(lock)
    assert {name: locked.get(name) for name in listed} == listed


@pytest.mark.parametrize("lock", [*LOCKS, *NPM_LOCKS], ids=_name)
def test_no_lock_file_names_a_registry(lock: Path) -> None:
    text = lock.read_text()
    assert '"resolved"' not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|pypi|registry", text)


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=_name)
def test_every_npm_package_has_a_checksum(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    checksums = {name: package.get("integrity", "") for name, package in installed.items()}
    assert not [name for name, checksum in checksums.items() if not checksum.startswith("sha512-")]


def test_the_functions_packages_have_the_versions_that_are_tested() -> None:
    tested = _listed(ROOT / "requirements/dev.lock")
    for lock in (ROOT / "requirements").glob("*.lock"):
        if lock.stem in ("run", "ops"):
            assert _listed(lock).items() <= tested.items()
    for lock in (ROOT / "ops/package").glob("*.lock"):
        assert _listed(lock).items() <= _listed(ROOT / "requirements/run.lock").items()


@pytest.mark.parametrize("lock", sorted(ROOT.glob("ops/package/*.lock")), ids=_name)
def test_a_package_contains_exactly_what_its_list_names(lock: Path) -> None:
    lines = lock.with_suffix(".txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")]
    assert {_normal(line) for line in lines if not line.startswith("#")} == _listed(lock).keys()


def test_make_run_installs_what_its_programs_import_at_their_start() -> None:
    locked = {_normal(name) for name in _listed(ROOT / "requirements/run.lock")}
    providers = packages_distributions()
    missing = set()
    rehearsed = (ROOT / "local/deployer", ROOT / "local/rehearsal")  # by `make rehearse`, which installs more
    for path in [*ROOT.glob("local/**/*.py"), *ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]:
        if path.parent in rehearsed:
            continue
        for node in ast.parse(path.read_text()).body:  # imports inside functions are optional
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for top in {name.partition(".")[0] for name in names}:
                found = {_normal(provider) for provider in providers.get(top, ())}
                if found and not found & locked:
                    missing.add(f"{path.relative_to(ROOT)}: {top}")
    assert not missing
