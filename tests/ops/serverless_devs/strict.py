"""A strict check of the rendered s.yaml; `s verify` accepts far more.

fc3's own JSON schema (draft-07, tests/ops/fc3-schema.json) allows unknown keys at every level and takes an
HTTP trigger for any of eight kinds. Here an object with declared properties may have no others, a trigger is
checked as its declared type, and rules without a schema are checked by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("fc3-schema.json").read_text())
ENVIRONMENT_LIMIT = 4096  # bytes of all variables of a function together (FC documentation, "Quotas")
RESERVED = re.compile(r"FC_|ALIBABA_CLOUD_|ACCESS_?KEY|SECRET|SECURITY_TOKEN", re.IGNORECASE)
KEY_ID = re.compile(r"\b(LTAI|STS\.)[A-Za-z0-9]{12,}")

# fc3's documentation, "customDomain", which its schema leaves out.
_CUSTOM_DOMAIN = {
    "type": "object",
    "required": ["domainName", "protocol", "route"],
    "properties": {
        "domainName": {"type": "string"},
        "protocol": {"enum": ["HTTP", "HTTPS", "HTTP,HTTPS"]},
        "route": {
            "type": "object",
            "required": ["path"],
            "properties": {
                "path": {"type": "string", "pattern": "^/"},
                "methods": {"type": "array", "items": {"enum": ["GET", "POST", "OPTIONS"]}},
            },
        },
        "certConfig": {
            "type": "object",
            "required": ["certName", "certificate", "privateKey"],
            "properties": {
                "certName": {"type": "string"},
                "certificate": {"type": "string"},
                "privateKey": {"type": "string"},
            },
        },
    },
}


def problems(rendered: dict[str, Any]) -> list[str]:
    """Return the errors in the result of `s preview -o json`; empty if it can be deployed."""
    found = [f"{key}: unknown" for key in sorted(rendered.keys() - _TOP)]
    for name, resource in rendered["resources"].items():
        found += [f"{name}: {problem}" for problem in _resource(resource)]
    if KEY_ID.search(json.dumps(rendered)):
        found.append("an AccessKey id is in it")
    return found


_TOP = {"edition", "name", "access", "vars", "template", "resources"}
_RESOURCE = {"component", "extend", "actions", "props"}


def _resource(resource: dict[str, Any]) -> Iterator[str]:
    yield from (f"{key}: unknown" for key in sorted(resource.keys() - _RESOURCE))
    props = resource["props"]
    yield from _against(_strict_schema(), props)
    for trigger in props.get("triggers", []):
        yield from _trigger(trigger)
    if props.get("role", "") != props.get("role", "").lower():
        yield f"role: {props['role']} would be sent in lower case"
    yield from _environment(props.get("environmentVariables", {}))
    yield from _sizes(props)
    yield from _custom(props)


def _trigger(trigger: dict[str, Any]) -> Iterator[str]:
    kinds = {"http": ("IHttpTriggerConfig", _http), "timer": ("ITimerTriggerConfig", _timer)}
    if trigger.get("triggerType") not in kinds:
        yield f"trigger type {trigger.get('triggerType')!r}"
        return
    definition, more = kinds[trigger["triggerType"]]
    config = trigger.get("triggerConfig", {})
    schema = {"$ref": f"#/definitions/{definition}", "definitions": _strict_schema()["definitions"]}
    yield from _against(schema, config)
    yield from more(config)


def _http(config: dict[str, Any]) -> Iterator[str]:
    if "OPTIONS" not in config.get("methods", []):
        yield "triggerConfig.methods: without OPTIONS, FC refuses every preflight"


def _timer(config: dict[str, Any]) -> Iterator[str]:
    """FC documentation, "Time trigger": `@every` and a number of minutes, or six fields of cron."""
    if not re.fullmatch(r"@every [1-9][0-9]*m|(CRON_TZ=\S+ )?\S+( \S+){5}", config.get("cronExpression", "")):
        yield f"triggerConfig.cronExpression: {config.get('cronExpression')!r}"


def _custom(props: dict[str, Any]) -> Iterator[str]:
    """Properties that only custom runtimes have, and those they require; no schema checks this."""
    custom = props["runtime"].startswith("custom.")
    if custom and {"command", "port"} - props.get("customRuntimeConfig", {}).keys():
        yield "customRuntimeConfig: without a command or a port"
    if not custom and "customRuntimeConfig" in props:
        yield f"customRuntimeConfig: not for {props['runtime']}"
    if not custom and props.get("instanceConcurrency", 1) != 1:
        yield f"instanceConcurrency: {props['runtime']} serves one request at a time"


def _environment(variables: dict[str, str]) -> Iterator[str]:
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > ENVIRONMENT_LIMIT:
        yield f"environmentVariables: {size} bytes, at most {ENVIRONMENT_LIMIT}"
    yield from (
        f"environmentVariables.{name}: reserved or a secret" for name in variables if RESERVED.search(name)
    )


def _sizes(props: dict[str, Any]) -> Iterator[str]:
    """FC documentation, "Quotas": vCPU to GB of memory between 1:1 and 1:4."""
    gigabytes = props["memorySize"] / 1024
    if not gigabytes / 4 <= props["cpu"] <= gigabytes:
        yield f"cpu: {props['cpu']} does not go with {props['memorySize']} MB"


def _against(schema: dict[str, Any], value: Any) -> Iterator[str]:
    for error in Draft7Validator(schema).iter_errors(value):
        place = ".".join(str(part) for part in error.absolute_path)
        yield f"{place}: {error.message}" if place else error.message


def _strict_schema() -> dict[str, Any]:
    schema = deepcopy(SCHEMA)
    schema["properties"]["customDomain"] = deepcopy(_CUSTOM_DOMAIN)
    _close(schema)
    schema["definitions"]["ITrigger"]["properties"]["triggerConfig"] = {"type": "object"}  # see _trigger
    return schema


def _close(node: Any) -> None:
    """Refuse other properties wherever some are declared."""
    if isinstance(node, list):
        for item in node:
            _close(item)
    elif isinstance(node, dict):
        for item in node.values():
            _close(item)
        if node.get("type") == "object" and node.get("properties"):
            node.setdefault("additionalProperties", False)
