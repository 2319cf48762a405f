"""Validates a function's properties: the bounds of CreateFunction and UpdateFunction.

Sources: the comments of `CreateFunctionInput` in alibabacloud-fc20230330 4.8.3, and "Quotas and limits",
"Environment variables", "Configure instance lifecycles" in Function Compute's documentation.
"""

from __future__ import annotations

import re
from typing import Any

from local.fc.control.errors import ControlError, invalid
from local.fc.control.fields import Fields, between, matching, one_of, strings, typed
from local.fc.function import ENVIRONMENT_LIMIT, HIGHEST_CONCURRENCY

BUILT_IN = {"python3.9": "3.9", "python3.10": "3.10", "python3.12": "3.12"}
CUSTOM = {"custom.debian10": "3.10", "custom.debian11": "3.12", "custom.debian12": "3.11"}
RUNTIMES = {**BUILT_IN, **CUSTOM}
"""The supported runtimes, with the CPython version of each."""

_OTHERS = re.compile(r"nodejs\d+|go1|java\d+|php7\.2|dotnetcore3\.1|python3|custom|custom-container")
_DEFAULTS = {"cpu": 0.35, "memorySize": 512, "diskSize": 512, "timeout": 3}
_ABSENT = {
    "layers": [],
    "nasConfig": {"mountPoints": []},
    "ossMountConfig": {"mountPoints": []},
    "tracingConfig": {},
    "vpcConfig": {"vpcId": "", "vSwitchIds": [], "securityGroupId": ""},
    "customContainerConfig": {},
    "gpuConfig": {},
}
"""Properties that are not supported here, with the value that turns each off."""


def checked(given: Fields, account: str) -> dict[str, Any]:
    """Return a function's properties with the API's defaults. Raises ControlError."""
    function = {**_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    form = "1 to 64 letters, digits, _ and -, and begin with a letter or _"
    matching(function, "functionName", r"[A-Za-z_][A-Za-z0-9_-]{0,63}", form)
    custom = _runtime(function)
    if custom:
        function.setdefault("instanceConcurrency", 1)  # only custom runtimes have it
    _sizes(function)
    _environment(typed(function, "environmentVariables", dict, {}))
    _lifecycle(typed(function, "instanceLifecycleConfig", dict, {}), custom=custom)
    _custom(function, custom=custom)
    _role(function, account)
    _logs(typed(function, "logConfig", dict, {}))
    _nothing_else(function)
    return function


def _runtime(function: Fields) -> bool:
    runtime = typed(function, "runtime", str, "")
    if runtime not in RUNTIMES:
        if _OTHERS.fullmatch(runtime):
            raise _not_here(f"runtime {runtime}")
        raise invalid(f"runtime is {runtime!r}; it must be one of {', '.join(RUNTIMES)}")
    custom = runtime in CUSTOM
    pattern, form = (r".{1,128}", "1 to 128 characters") if custom else (_DOTTED, "module.function")
    matching(function, "handler", pattern, form)
    return custom


_DOTTED = r"(?=.{1,128}$)[^.\s]+(?:[./][^.\s]+)*\.[^.\s]+"


def _sizes(function: Fields) -> None:
    memory = between(function, "memorySize", 128, 32768, 512)
    if memory % 64:
        raise invalid(f"memorySize is {memory}; it must be a multiple of 64")
    cpu = function["cpu"]
    if isinstance(cpu, bool) or not isinstance(cpu, (int, float)) or not 0.05 <= cpu <= 16 or not _step(cpu):
        raise invalid(f"cpu is {cpu!r}; it must be a multiple of 0.05 between 0.05 and 16")
    if not memory / 1024 / 4 <= cpu <= memory / 1024:
        message = f"cpu {cpu:g} does not fit memorySize {memory}: "
        raise invalid(message + "vCPU to GB of memory must be between 1:1 and 1:4")
    if function["diskSize"] not in (512, 10240):
        raise invalid(f"diskSize is {function['diskSize']!r}; it must be 512 or 10240")
    between(function, "timeout", 1, 86400, 3)


def _step(cpu: float) -> bool:
    return abs(cpu * 20 - round(cpu * 20)) < 1e-9


def _environment(variables: Fields) -> None:
    size = 0
    for name, value in variables.items():
        if not isinstance(value, str):
            raise invalid(f"environmentVariables.{name} is {value!r}; it must be a string")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise invalid(f"environmentVariables: {name!r} is not a name of letters, digits and _")
        if name.startswith("FC_"):
            raise invalid(f"environmentVariables: {name} cannot be set, FC_* names are reserved")
        size += len(name.encode()) + len(value.encode())
    if size > ENVIRONMENT_LIMIT:
        raise invalid(f"environmentVariables have {size} bytes; at most {ENVIRONMENT_LIMIT} are allowed")


def _lifecycle(hooks: Fields, *, custom: bool) -> None:
    for name, longest in (("initializer", 300), ("preStop", 90)):
        hook = typed(hooks, name, dict, {})
        if not hook:
            continue
        handler = typed(hook, "handler", str, "")
        if not custom and not re.fullmatch(_DOTTED, handler):
            raise invalid(f"{name}.handler is {handler!r}; it must be module.function")
        between(hook, "timeout", 1, longest, 3)


def _custom(function: Fields, *, custom: bool) -> None:
    config = typed(function, "customRuntimeConfig", dict, {})
    concurrency = between(function, "instanceConcurrency", 1, HIGHEST_CONCURRENCY, 1)
    if not custom and (config or concurrency > 1):
        what = "customRuntimeConfig" if config else f"instanceConcurrency {concurrency}"
        raise invalid(f"{what} is for custom runtimes; {function['runtime']} serves one request at a time")
    if custom:
        strings(config, "command")
        strings(config, "args")
        between(config, "port", 1, 65535, 9000)
        if config.get("healthCheckConfig"):
            raise _not_here("customRuntimeConfig.healthCheckConfig")


def _role(function: Fields, account: str) -> None:
    role = typed(function, "role", str, "")
    if not role:
        return
    found = re.fullmatch(r"acs:ram::(\d+):role/([A-Za-z0-9._-]{1,64})", role)
    if found is None:
        raise invalid(f"role is {role!r}; it must be acs:ram::ACCOUNT:role/NAME")
    if found[1] != account:
        raise invalid(f"role {role} is of account {found[1]}, the function of account {account}")


def _logs(config: Fields) -> None:
    names = [typed(config, name, str, "") for name in ("project", "logstore")]
    if any(names) and not all(names):
        raise invalid("logConfig must have both project and logstore, or neither")
    one_of(config, "logBeginRule", ("None", "DefaultRegex", ""), "")


def _nothing_else(function: Fields) -> None:
    for name, off in _ABSENT.items():
        value = function.get(name)
        if value and not _is_off(value, off):
            raise _not_here(name)


def _is_off(value: object, off: object) -> bool:
    """Whether an object is equal to `off`: zeros, empty strings and empty lists count as absent."""
    if isinstance(value, dict) and isinstance(off, dict):
        return all(not item or item == off.get(name) for name, item in value.items())
    return value == off


def _not_here(what: str) -> ControlError:
    return ControlError(501, "NotImplemented", f"{what} is not supported by the stand-in")
