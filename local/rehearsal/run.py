"""The rehearsal: every command of docs/deploy.md in its order, and what is tried between them."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from local.cloud import Cloud
from local.fc import interpreters
from local.rehearsal import deployer, trials
from local.rehearsal.page import Block, blocks
from local.rehearsal.shell import Shell
from local.rehearsal.trials import Failed, LeftOut
from local.rehearsal.visitors import Traffic
from local.rehearsal.workspace import Workspace

PAGE = "docs/deploy.md"
ITSELF = "Rehearse it first"  # the heading whose commands start this
TITLES = {
    "provision": "2. Provision",
    "verify": "5. Verify",
    "spool": "When SLS is down",
    "update": "Changing a setting",
    "back": "Rolling back",
    "removed": "Removing",
}
REST = "Not verified against live Alibaba Cloud"  # the heading above what only the real cloud can prove
CUSTOM_PART = "For sites with traffic"  # its runtime has CPython 3.12, and no other
OTHER_PROJECT = "shop-logs-of-another"  # one that exists and that no page may write to
ORIGINS = "https://shop.example.com,https://*.shop.example.com,http://127.0.0.1:*"
_SHOWN = 40  # lines of a command that failed
_LAST = 10  # lines of functions, where something failed
_LINES = re.compile(r"\x1b\[[0-9;]*m")


NO_PYTHON = "cannot rehearse: functions run on CPython 3.12 or 3.10; neither is on the PATH or in pyenv"


class Pythons(NamedTuple):
    """The built-in runtime to deploy to, and the parts of the page that no CPython here can run."""

    runtime: str
    left_out: tuple[str, ...] = ()

    @classmethod
    def here(cls) -> Pythons | None:
        """By what is on this machine; None where there is nothing to run a function with."""
        if interpreters.find("3.12"):
            return cls("python3.12")
        return cls("python3.10", (CUSTOM_PART,)) if interpreters.find("3.10") else None


class Stopped(Exception):
    """The rehearsal ends here; all has been said."""


class Rehearsal:
    """One run. `say` takes a line for the terminal."""

    def __init__(
        self, cloud: Cloud, folder: Path, by: str, say: Callable[[str], None], pythons: Pythons
    ) -> None:
        self._cloud, self._say, self._pythons = cloud, say, pythons
        state = folder / "state"
        state.mkdir(parents=True)
        self._work = Workspace(folder / "project")
        self._shell = Shell(self._work.folder, _environment(cloud, pythons), deployer.prelude(by), state)
        self._checksums: list[str] = []
        self.proved: list[str] = []
        self.left_out = [f"{title}: no CPython 3.12 on this machine" for title in pythons.left_out]

    def run(self) -> None:
        """Carry everything out. Raises Stopped at the first thing that does not come out as it should."""
        heading = ""
        for block in blocks((self._work.folder / PAGE).read_text()):
            if block.heading == ITSELF or block.heading in self._pythons.left_out:
                continue
            if block.heading != heading:
                self._after(heading)
                heading = block.heading
                self._say(f"\n{heading}")
            self._block(block)
        self._after(heading)

    def _block(self, block: Block) -> None:
        if block.heading != TITLES["update"]:
            self._commands(block)
            return
        self._work.update()
        with Traffic(self._address("track")) as traffic:
            self._commands(block)
        self._trial("an update without losing a request", lambda: trials.nothing_lost(self._cloud, traffic))

    def _commands(self, block: Block) -> None:
        for command in block.commands:
            wanted = block.status if command == block.commands[-1] else 0
            began = time.monotonic()
            ended = self._shell.run(command)
            seconds = time.monotonic() - began
            mark = "✓" if ended.status == wanted else "✗"
            self._say(f"  {mark} {seconds:5.1f} s  $ {command}")
            if ended.status != wanted:
                tail = _LINES.sub("", ended.output).splitlines()[-_SHOWN:]
                self._say("\n".join(f"      {line}" for line in tail))
                raise Stopped(f"it ended with status {ended.status} and not {wanted}")

    def _after(self, heading: str) -> None:
        """Try what belongs to a part of the page, once its commands are through."""
        track, token = self._address("track"), self._address("token")
        if heading == TITLES["provision"]:
            # Not before: a request that names no Project is for the one that was there first.
            self._cloud.sls.create(OTHER_PROJECT, "web-tracking-logstore")
        elif heading == TITLES["verify"]:
            self._checksums.append(self._checksum())
            self._trial("the sample page", lambda: trials.browser(self._cloud, track, token))
        elif heading == TITLES["spool"]:
            self._trial("an outage of SLS", lambda: trials.outage(self._cloud, track))
        elif heading == TITLES["update"]:
            self._checksums.append(self._checksum())
        elif heading == TITLES["back"]:
            self._trial("the code of before", self._as_before)
        elif heading == TITLES["removed"]:
            self._trial("what is left", self._nothing_left)

    def _as_before(self) -> str:
        before, updated = self._checksums
        if before == updated:
            raise Failed("the update did not change the code")
        if self._checksum() != before:
            raise Failed(f"the code's checksum is {self._checksum()}; before the update it was {before}")
        return "the same bytes as before the update, by their checksum"

    def _nothing_left(self) -> str:
        if left := sorted(self._cloud.fc.registry.functions):
            raise Failed(f"still there: {', '.join(left)}")
        return "no function"

    def _trial(self, what: str, do: Callable[[], str]) -> None:
        began = time.monotonic()
        try:
            detail = do()
        except LeftOut as reason:
            self.left_out.append(f"{what}: {reason}")
            self._say(f"  – left out: {what}, {reason}")
            return
        except Failed as reason:
            self._say(f"  ✗ {time.monotonic() - began:5.1f} s  {what}: {reason}")
            raise Stopped(what) from None
        self._say(f"  ✓ {time.monotonic() - began:5.1f} s  {what}: {detail}")
        self.proved.append(f"{what}: {detail}")

    def _address(self, function: str) -> str:
        return self._cloud.fc.addresses().get(f"sls-webtracking-{function}-prod", "")

    def _checksum(self) -> str:
        return self._cloud.fc.registry.function("sls-webtracking-track-prod").checksum


def _environment(cloud: Cloud, pythons: Pythons) -> dict[str, str]:
    own = ("SLS_", "STS_", "SPOOL_", "ALIBABA_CLOUD_", "OPS_", "DEPLOY_", "FC_", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    more = {
        "ALLOWED_ORIGINS": ORIGINS,  # with the sample page's, which wins over the page's line in .env
        "OTHER_PROJECT": OTHER_PROJECT,
        "DEPLOY_RUNTIME": pythons.runtime,
        "serverless_devs_trace_disabled": "true",
    }
    return {**kept, **cloud.environment(), **more}


def rehearse(by: str, say: Callable[[str], None]) -> int:
    """Run it all in a folder of its own; returns the exit status."""
    pythons = Pythons.here()
    if pythons is None:
        say(NO_PYTHON)
        return 1
    began = time.monotonic()
    say(f"deployed by: {by}\nruntime:     {pythons.runtime}")
    printed: deque[str] = deque(maxlen=_LAST)

    def show(function: str, line: str) -> None:
        printed.append(f"{function} {line}")

    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, Cloud(show=show) as cloud:
        run = Rehearsal(cloud, Path(folder), by, say, pythons)
        try:
            run.run()
        except Stopped as reason:
            say("\n".join(["\nwhat the functions printed last:", *(f"  {line}" for line in printed)]))
            say(f"\nstopped: {reason}. Nothing of it was real; what was made is gone.")
            return 1
        _close(run, Path(folder) / "project", by, time.monotonic() - began, say)
    return 0


def _close(run: Rehearsal, project: Path, by: str, seconds: float, say: Callable[[str], None]) -> None:
    say(f"\nrehearsed in {seconds:.0f} s, deployed by {by}")
    say(f"proved: every command of {PAGE}, and")
    for proved in run.proved:
        say(f"  {proved}")
    for left in run.left_out:
        say(f"left out: {left}")
    say("only the real cloud can prove the rest:")
    text = (project / PAGE).read_text()
    for line in text.partition(f"## {REST}\n")[2].splitlines():
        if line.startswith("- "):
            say(f"  {line[2:]}")
