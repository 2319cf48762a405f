"""Builds an application package (Serverless Devs, "Serverless Package Model", Project).

publish.yaml, readme.md and version.md are beside src/. `s init` copies src/ to the user's folder, and there
inserts the user's parameters into src/s.yaml and every file that ends in .stpl.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

# In each deployable file: replaced with the account alias that the user gives to `s init`.
ACCESS = re.compile(r"^access: default\b.*$", re.M)


class ApplicationError(Exception):
    """The message is for the maintainer."""


def assemble(target: Path) -> None:
    """Write the package to `target`, replacing existing files. Raises ApplicationError."""
    shutil.rmtree(target, ignore_errors=True)
    source = target / "src"
    for name in _tracked():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    _fill_in_access(source / "s.yaml", source / "s.yaml")
    (source / "s.replay.yaml").unlink()
    _fill_in_access(ROOT / "s.replay.yaml", source / "s.replay.yaml.stpl")
    shutil.copy(HERE / "env.template", source / ".env.stpl")
    shutil.copy(HERE / "publish.yaml", target)
    shutil.copy(ROOT / "README.md", target / "readme.md")
    (target / "version.md").write_text(newest_changes((ROOT / "CHANGELOG.md").read_text("utf-8")), "utf-8")


def newest_changes(changelog: str) -> str:
    """Return the newest release's section, with its heading. Raises ApplicationError if there is none."""
    found = re.search(r"^## \[\d.*?(?=^## |^\[|\Z)", changelog, re.M | re.S)
    if not found:
        raise ApplicationError("CHANGELOG.md has no release")
    return found[0].rstrip() + "\n"


def _fill_in_access(source: Path, target: Path) -> None:
    text, count = ACCESS.subn('access: "{{ access }}"', source.read_text("utf-8"))
    if count != 1:
        raise ApplicationError(f"{source.name} has no line `access: default`")
    target.write_text(text, "utf-8")


def _tracked() -> list[str]:
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ApplicationError(f"the project must be a git checkout: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name]
