"""A copy of this project for the rehearsal, so that the user's .env and build/ stay unchanged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from local.fc.function import ROOT

_LINKED = (".venv", "web/node_modules", "web/dist")
_IDENTITY = (
    "-c",
    "user.name=rehearsal",
    "-c",
    "user.email=rehearsal@localhost",
    "-c",
    "commit.gpgsign=false",
)
CHANGED = "functions/track/__init__.py"  # a module of track's package, for an update that changes the code


class Workspace:
    """The copy, in its own git repository with at most two commits."""

    def __init__(self, folder: Path) -> None:
        """Copy the working tree (tracked and new files) and commit it."""
        self.folder = folder
        for name in self._git(ROOT, "ls-files", "-co", "--exclude-standard").splitlines():
            source = ROOT / name
            if source.is_file():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for name in _LINKED:
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).symlink_to((ROOT / name).resolve())
        self._git(folder, "init", "--quiet")
        self._commit("as it is")

    def update(self) -> None:
        """Commit a change of track's code."""
        path = self.folder / CHANGED
        path.write_text(path.read_text() + "\nUPDATED = True\n")
        self._commit("an update")

    def _commit(self, message: str) -> None:
        self._git(self.folder, "add", "--all", ".")
        self._git(self.folder, *_IDENTITY, "commit", "--quiet", "--message", message)

    @staticmethod
    def _git(folder: Path, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - fixed commands
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
