"""The rehearsal: every command of docs/deploy.md in order, with checks between them."""

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
ITSELF = "Rehearse it first"  # the heading whose commands start the rehearsal itself
TITLES = {
    "provision": "2. Provision",
    "verify": "5. Verify",
    "observe": "7. Dashboards and alarms",
    "spool": "When SLS is down",
    "update": "Changing a setting",
    "back": "Rolling back",
    "removed": "Removing",
}
REST = "Not verified against live Alibaba Cloud"  # the heading of the list that only the real cloud can prove
CUSTOM_PART = "For sites with traffic"  # its runtime needs CPython 3.12
OTHER_PROJECT = "shop-logs-of-another"  # exists, and no page may write to it
ORIGINS = "https://shop.example.com,https://*.shop.example.com,http://127.0.0.1:*"
_SHOWN = 40  # lines of output shown of a failed command
_LAST = 10  # lines of functions' output shown after a failure
_LINES = re.compile(r"\x1b\[[0-9;]*m")


NO_PYTHON = "cannot rehearse: functions run on CPython 3.12 or 3.10; neither is on the PATH or in pyenv"


class Pythons(NamedTuple):
    """The built-in runtime to deploy to, and the parts of the page that cannot run with the CPythons here."""

    runtime: str
    left_out: tuple[str, ...] = ()

    @classmethod
    def here(cls) -> Pythons | None:
        """Look for CPythons on this machine; None if no runtime can run here."""
        if interpreters.find("3.12"):
            return cls("python3.12")
        return cls("python3.10", (CUSTOM_PART,)) if interpreters.find("3.10") else None


class Stopped(Exception):
    """The rehearsal stops here; the reason has been printed."""


class Rehearsal:
    """One run. `say` prints a line."""

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
        """Run everything. Raises Stopped at the first failure."""
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
                raise Stopped(f"exit status {ended.status}, expected {wanted}")

    def _after(self, heading: str) -> None:
        """Run the checks of a part of the page after its commands."""
        track, token = self._address("track"), self._address("token")
        if heading == TITLES["provision"]:
            # Created only now: a request without a Project goes to the Project created first.
            self._cloud.sls.create(OTHER_PROJECT, "web-tracking-logstore")
        elif heading == TITLES["verify"]:
            self._checksums.append(self._checksum())
            self._trial("the sample page", lambda: trials.browser(self._cloud, track, token))
        elif heading == TITLES["observe"]:
            self._trial("the dashboards", lambda: trials.dashboards(self._cloud))
        elif heading == TITLES["spool"]:
            self._trial("an outage of SLS", lambda: trials.outage(self._cloud, track))
        elif heading == TITLES["update"]:
            self._checksums.append(self._checksum())
        elif heading == TITLES["back"]:
            self._trial("the previous code", self._same_code_as_before)
        elif heading == TITLES["removed"]:
            self._trial("remaining functions", self._nothing_left)

    def _same_code_as_before(self) -> str:
        before, updated = self._checksums
        if before == updated:
            raise Failed("the update did not change the code")
        if self._checksum() != before:
            raise Failed(f"the code's checksum is {self._checksum()}; before the update: {before}")
        return "the same checksum as before the update"

    def _nothing_left(self) -> str:
        if left := sorted(self._cloud.fc.registry.functions):
            raise Failed(f"still deployed: {', '.join(left)}")
        return "none"

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
        "ALLOWED_ORIGINS": ORIGINS,  # includes the sample page's; overrides the line in .env
        "OTHER_PROJECT": OTHER_PROJECT,
        "DEPLOY_RUNTIME": pythons.runtime,
        "serverless_devs_trace_disabled": "true",
    }
    return {**kept, **cloud.environment(), **more}


def rehearse(by: str, say: Callable[[str], None]) -> int:
    """Run everything in a temporary folder; returns the exit status."""
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
            say("\n".join(["\nlast output of the functions:", *(f"  {line}" for line in printed)]))
            say(f"\nstopped: {reason}. Nothing real was changed; everything created here is deleted.")
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
