"""Validates triggers and the limits of asynchronous calls.

Sources: `CreateTriggerInput`, `HTTPTriggerConfig`, `TimerTriggerConfig` and `PutAsyncInvokeConfigInput` of
alibabacloud-fc20230330 4.8.3, and "Time trigger" in Function Compute's documentation.
"""

from __future__ import annotations

from typing import Any

from local.fc.control.cron import Schedule, UnreadableSchedule
from local.fc.control.errors import ControlError, invalid
from local.fc.control.fields import Fields, between, matching, one_of, read_object, strings, typed

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
AUTH_TYPES = ("anonymous", "function", "jwt")
_TYPES = ("http", "timer", "oss", "log", "mns_topic", "cdn_events", "tablestore", "eventbridge")


def checked_trigger(given: Fields) -> dict[str, Any]:
    """Return a trigger, its configuration parsed under `config`. Raises ControlError."""
    form = "1 to 128 letters, digits, _ and -, and begin with a letter or _"
    name = matching(given, "triggerName", r"[A-Za-z_][A-Za-z0-9_-]{0,127}", form)
    kind = one_of(given, "triggerType", _TYPES)
    if kind not in ("http", "timer"):
        raise ControlError(501, "NotImplemented", f"{kind} triggers are not supported by the stand-in")
    if typed(given, "qualifier", str, "LATEST") != "LATEST":
        raise ControlError(404, "VersionNotFound", f"version or alias {given['qualifier']!r} does not exist")
    text = typed(given, "triggerConfig", str, "")
    config = read_object(text, "triggerConfig")
    (_http if kind == "http" else _timer)(config)
    kept = {"description": typed(given, "description", str, ""), "qualifier": "LATEST"}
    return {**kept, "triggerName": name, "triggerType": kind, "triggerConfig": text, "config": config}


def _http(config: Fields) -> None:
    one_of(config, "authType", AUTH_TYPES)
    if config["authType"] == "jwt":
        raise ControlError(501, "NotImplemented", "authType jwt is not supported by the stand-in")
    if config.get("authConfig") or config.get("corsConfig"):
        raise ControlError(501, "NotImplemented", "authConfig and corsConfig are not supported here")
    typed(config, "disableURLInternet", bool, False)
    methods = strings(config, "methods")
    if not methods:
        raise invalid(f"methods is empty; expected one or more of {', '.join(METHODS)}")
    if unknown := [method for method in methods if method not in METHODS]:
        raise invalid(f"methods has {unknown[0]!r}; each must be one of {', '.join(METHODS)}")


def _timer(config: Fields) -> None:
    typed(config, "enable", bool, False)
    typed(config, "payload", str, "")
    try:
        Schedule.read(typed(config, "cronExpression", str, ""))
    except UnreadableSchedule as error:
        raise invalid(f"cronExpression: {error}") from None


def checked_async(given: Fields) -> dict[str, Any]:
    """Return the limits of asynchronous calls. Raises ControlError."""
    if given.get("asyncTask"):
        raise ControlError(501, "NotImplemented", "asyncTask is not supported by the stand-in")
    destinations: dict[str, Any] = typed(given, "destinationConfig", dict, {})
    if any(destinations.values()):
        raise ControlError(501, "NotImplemented", "destinationConfig is not supported by the stand-in")
    return {
        "destinationConfig": destinations,
        "maxAsyncRetryAttempts": between(given, "maxAsyncRetryAttempts", 0, 8, 3),
        "maxAsyncEventAgeInSeconds": between(given, "maxAsyncEventAgeInSeconds", 1, 604800, 86400),
    }
