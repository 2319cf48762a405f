"""Prepares what is measured: one interpreter, the packages, the checkout, the guide's sample.

The interpreter has one of Function Compute's versions if one is installed. It runs in an empty virtual
environment, and imports come from PYTHONPATH. So every row has the same cost of starting Python, without
the cost of packages installed here (a `.pth` file runs code at every start).
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import ROOT, stand_in

BUILD = ROOT / "build" / "benchmarks"
SAMPLE = ROOT / "benchmarks" / "sample"
FUNCTIONS = ("track", "token")
RUNTIMES = ("3.12", "3.10")
SETTINGS = {
    "SLS_PROJECT": "benchmark",
    "SLS_LOGSTORES": "benchmark-logs",
    "FC_REGION": "cn-hangzhou",
    "FC_FUNCTION_NAME": "benchmark",
    "FC_INSTANCE_ID": "benchmark",
    "STS_ROLE_ARN": "acs:ram::1234567890123456:role/benchmark",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "benchmark",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "benchmark",
}


class Lab(NamedTuple):
    """The paths of all parts. `left_out` has one line for each part that could not be prepared."""

    python: str
    version: str  # of `python`, in full
    checkout: tuple[Path, ...]  # entries of PYTHONPATH
    packages: Mapping[str, Path]  # from `python -m ops package`, by function
    unzipped: Mapping[str, Path]
    bare: Mapping[str, Path]  # the packages without their bytecode
    sample: tuple[Path, ...] | None
    left_out: tuple[str, ...]

    def variables(self, path: Sequence[Path], upstream: str = "http://127.0.0.1:9") -> dict[str, str]:
        """Return a process's complete environment: imports from `path`, SLS and STS at `upstream`."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(BUILD),
            "PYTHONHASHSEED": "0",
            "PYTHONSAFEPATH": "1",
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            **SETTINGS,
            "SLS_ENDPOINT": upstream,
            "STS_ENDPOINT": upstream,
        }

    def stand_in(self, delay: float) -> AbstractContextManager[str]:
        """Yield the address of an SLS and STS that answer `delay` seconds after each request."""
        return stand_in(self.python, self.variables(self.checkout), delay)


def prepare(runtimes: Sequence[str] = RUNTIMES) -> Lab:
    """Prepare everything under build/, or use what already exists there.

    The interpreter is the first of `runtimes` that is installed, else the current one.
    """
    found, version = _interpreter(runtimes)
    minor = version.rpartition(".")[0]
    left_out = []
    BUILD.mkdir(parents=True, exist_ok=True)
    dependencies = _installed(found, "run")
    if dependencies is None:
        raise SystemExit(f"the functions' requirements cannot be installed for {found}")
    sample = _installed(found, "sample", sources=True)
    if sample is None:
        left_out.append("the guide's sample: its requirements could not be installed")
    packages = _packages(minor) if minor in RUNTIMES else {}
    if not packages:
        left_out.append(f"the packages: they are for {' and '.join(RUNTIMES)}, and this is {version}")
    return Lab(
        python=_empty_environment(found, minor),
        version=version,
        checkout=(ROOT, dependencies),
        packages=packages,
        unzipped={name: _unzipped(package) for name, package in packages.items()},
        bare={name: _without_bytecode(package) for name, package in packages.items()},
        sample=(SAMPLE, sample) if sample else None,
        left_out=tuple(left_out),
    )


def _interpreter(runtimes: Sequence[str]) -> tuple[str, str]:
    for wanted in runtimes:
        finder = ["sh", str(ROOT / "ops/find-python"), wanted]
        found = subprocess.run(finder, capture_output=True, text=True, check=True).stdout.strip()
        if found:
            break
    else:
        found = sys.executable
    tell = "import sys, platform; print(sys._base_executable, platform.python_version())"
    told = subprocess.run([found, "-c", tell], capture_output=True, text=True, check=True).stdout
    python, _, version = told.strip().rpartition(" ")
    return python, version


def _empty_environment(python: str, minor: str) -> str:
    target = BUILD / f"python-{minor}"
    if not (target / "bin/python").exists():
        subprocess.run([python, "-m", "venv", "--without-pip", str(target)], check=True)
    return str(target / "bin/python")


def _installed(python: str, name: str, *, sources: bool = False) -> Path | None:
    """Return the folder into which pip installed the lock file of this name; None if it failed.

    With `sources`, packages without wheels are built with the locked build tools.
    """
    lock = ROOT / f"requirements/{name}.lock"
    target = BUILD / f"{name}-{Path(python).resolve().name}"
    stamp = target / ".lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return target
    tools = _installed(python, "build") if sources else None
    shutil.rmtree(target, ignore_errors=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--root-user-action=ignore", "--target", str(target), "-r", str(lock)]
    command += ["--no-build-isolation", "--use-pep517"] if tools else ["--only-binary=:all:"]
    environ = {**os.environ, "PYTHONPATH": str(tools or "")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    stamp.write_text(wanted)
    return target


def _packages(minor: str) -> dict[str, Path]:
    into = BUILD / "packages"
    command = [sys.executable, "-m", "ops", "package", "--runtime", f"python{minor}", "--into", str(into)]
    subprocess.run([*command, *FUNCTIONS], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return {name: into / name for name in FUNCTIONS}


def _unzipped(package: Path) -> Path:
    """Zip and unzip a package, as an upload does: every file gets a new time stamp."""
    archive, target = BUILD / f"{package.name}.zip", BUILD / "unzipped" / package.name
    shutil.rmtree(target, ignore_errors=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(package.rglob("*")):
            zipped.write(path, path.relative_to(package))
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(target)
    return target


def _without_bytecode(package: Path) -> Path:
    target = BUILD / "without-bytecode" / package.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__", "bytecode.*.bin"))
    return target


def machine() -> str:
    """Describe the machine."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
