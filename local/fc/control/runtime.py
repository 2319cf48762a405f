"""Converts a function of the API to one that the trigger host runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.fc import interpreters
from local.fc.control.errors import invalid
from local.fc.control.properties import BUILT_IN, CUSTOM, RUNTIMES
from local.fc.errors import Refused
from local.fc.function import Credentials, Function
from local.ram import Ram, UnknownRole

SERVICE = "fc.aliyuncs.com"  # which a function's role must trust
CREDENTIALS_LAST = 36 * 3600  # seconds, as on Function Compute
INSTANCES = 10  # maximum here where no concurrency is reserved
_LANGUAGES = "/var/fc/lang/"  # path of CPython in a custom runtime
_ALL = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")


@dataclass(frozen=True)
class Surroundings:
    """Configuration that all functions here share.

    `endpoints` are variables that point a function at the stand-ins instead of the public endpoints of the
    services; a value that the function sets itself takes precedence.
    """

    ram: Ram
    region: str
    endpoints: Mapping[str, str]
    clock: Callable[[], float]


def runnable(
    properties: Mapping[str, Any], code: Path, reserved: int | None, around: Surroundings
) -> Function:
    """Return a function that can run. Raises ControlError if its CPython is not installed here."""
    runtime = str(properties["runtime"])
    hooks = properties.get("instanceLifecycleConfig") or {}
    initializer, pre_stop = hooks.get("initializer") or {}, hooks.get("preStop") or {}
    given = properties.get("environmentVariables") or {}
    local = {name: value for name, value in around.endpoints.items() if not given.get(name, "").strip()}
    python = _python(runtime)
    return Function(
        name=str(properties["functionName"]),
        handler=str(properties["handler"]),
        initializer=initializer.get("handler"),
        initializer_timeout=float(initializer.get("timeout", 3 if runtime in BUILT_IN else 120)),
        pre_stop=pre_stop.get("handler"),
        methods=_ALL,  # the trigger's own list is checked before
        timeout=float(properties["timeout"]),
        memory=int(properties["memorySize"]),
        instances=INSTANCES if reserved is None else reserved,
        environment={**given, **local},
        credentials=_credentials(str(properties.get("role") or ""), around),
        runtime=runtime,
        command=_command(properties, python) if runtime in CUSTOM else (),
        instance_concurrency=int(properties.get("instanceConcurrency", 1)),
        region=around.region,
        account_id=around.ram.account_id,
        code=code,
        python=python,
    )


def _python(runtime: str) -> tuple[str, ...]:
    """The command of the runtime's CPython, isolated from packages installed here."""
    version = RUNTIMES[runtime]
    found = interpreters.find(version)
    if found is None:
        message = f"runtime {runtime} needs CPython {version}, which is not installed here: install it"
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        others = [name for name in BUILT_IN if BUILT_IN[name] == here or interpreters.find(BUILT_IN[name])]
        raise invalid(f"{message}, or deploy with {' or '.join(others)}" if others else message)
    return found, "-S"


def _command(properties: Mapping[str, Any], python: tuple[str, ...]) -> tuple[str, ...]:
    config = properties.get("customRuntimeConfig") or {}
    command = [*(config.get("command") or ["./bootstrap"]), *(config.get("args") or [])]
    if command[0].startswith(_LANGUAGES):
        return (*python, *command[1:])
    return tuple(command)


def _credentials(role: str, around: Surroundings) -> Callable[[], Credentials] | None:
    if not role:
        return None

    def assume() -> Credentials:
        try:
            found = around.ram.role(role)
        except UnknownRole:
            raise Refused(403, "AccessDenied", f"the function's role does not exist: {role}") from None
        if SERVICE not in found.trusted:
            raise Refused(403, "AccessDenied", f"the function's role does not trust {SERVICE}: {role}")
        issued = around.ram.issue(
            role, session_name="fc", session_policy=None, duration=CREDENTIALS_LAST, now=around.clock()
        )
        return Credentials(issued.id, issued.secret, issued.security_token)

    return assume
