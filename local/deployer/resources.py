"""The functions of a file, as `s preview` resolves it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMMAND = "ops/serverless-devs/node_modules/.bin/s"
_TIMEOUT = 120  # seconds
# Properties that are sent by separate calls, or not at all.
_APART = (
    "region",
    "code",
    "triggers",
    "asyncInvokeConfig",
    "concurrencyConfig",
    "customDomain",
    "functionName",
)


class InvalidResource(Exception):
    """The file cannot be resolved, or a command before the deployment failed; the message has the reason."""


@dataclass(frozen=True)
class Resource:
    """One function: its properties as given, and the commands to run before its deployment."""

    name: str
    properties: Mapping[str, Any]
    before: tuple[str, ...]

    @property
    def function(self) -> str:
        """The function's name."""
        return str(self.properties["functionName"])

    @property
    def settings(self) -> dict[str, Any]:
        """The properties of the function itself, without its code."""
        return {name: value for name, value in self.properties.items() if name not in _APART}

    @property
    def triggers(self) -> list[dict[str, Any]]:
        """Its triggers."""
        return list(self.properties.get("triggers") or [])


def read(folder: Path, template: str) -> Iterator[Resource]:
    """Return the functions in the order of the file. Raises InvalidResource."""
    done = _run([str(folder / _COMMAND), "preview", "-o", "json", "-t", template], folder)
    start = done.stdout.find("{\n")
    if done.returncode or start < 0:
        raise InvalidResource(f"s preview of {template} failed: {(done.stdout + done.stderr).strip()[-500:]}")
    for name, resource in json.loads(done.stdout[start:])["resources"].items():
        if "customDomain" in resource["props"]:
            raise InvalidResource(f"{name}: customDomain needs Serverless Devs' component fc3")
        actions = (resource.get("actions") or {}).get("pre-deploy") or []
        yield Resource(name, resource["props"], tuple(action["run"] for action in actions))


def run_before(folder: Path, resource: Resource) -> None:
    """Run the commands before its deployment, such as packaging. Raises InvalidResource."""
    for command in resource.before:
        done = _run(["sh", "-c", command], folder)
        print(done.stdout.strip(), flush=True)
        if done.returncode:
            raise InvalidResource(f"{command} failed: {done.stderr.strip()[-500:]}")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the project's own file says what is run
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=_TIMEOUT
    )
