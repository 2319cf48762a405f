"""Deploys and removes one function: the calls of fc3, in the same order."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from alibabacloud_oss_v2.crc import Crc64

from local.deployer.api import Api
from local.deployer.resources import Resource

_EPOCH = (2000, 1, 1, 0, 0, 0)
# The defaults that fc3 sends for absent properties, to reset changes made in the console.
_ADDED: dict[str, Any] = {
    "instanceIsolationMode": "SHARE",
    "layers": [],
    "nasConfig": {"groupId": 0, "mountPoints": [], "userId": 0},
    "ossMountConfig": {"mountPoints": []},
    "sessionAffinity": "NONE",
    "tracingConfig": {},
    "vpcConfig": {"securityGroupId": "", "vSwitchIds": [], "vpcId": ""},
}


def deploy(api: Api, resource: Resource, folder: Path) -> None:
    """Create or update a function with its triggers and limits; unchanged code is not uploaded again."""
    name, settings = resource.function, {**_ADDED, **resource.settings}
    if "role" in settings:
        settings["role"] = str(settings["role"]).lower()
    found = api.function(name)
    code = zipped(folder / str(resource.properties["code"]))
    if found is None or found.code_checksum != _checksum(code):
        settings["code"] = api.upload(code)
    if found is None:
        api.create({**settings, "functionName": name})
    else:
        if "customRuntimeConfig" in settings:
            settings["customRuntimeConfig"] = {"args": [], **settings["customRuntimeConfig"]}
        api.update(name, settings)
    for trigger in resource.triggers:
        config = json.dumps(trigger["triggerConfig"], separators=(",", ":"))
        api.put_trigger(name, {"description": "", "qualifier": "LATEST", **trigger, "triggerConfig": config})
    _limit(api, resource)


def remove(api: Api, resource: Resource) -> None:
    """Delete a function, if it exists."""
    if api.function(resource.function) is not None:
        api.delete(resource.function, [str(trigger["triggerName"]) for trigger in resource.triggers])


def zipped(directory: Path) -> bytes:
    """Return a directory as a zip archive: equal files give equal bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _EPOCH)
                entry.external_attr = (0o100000 | path.stat().st_mode & 0o777) << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return data.getvalue()


def _limit(api: Api, resource: Resource) -> None:
    limits = resource.properties.get("asyncInvokeConfig")
    if limits:
        sent = {name: value for name, value in limits.items() if name != "qualifier"}
        api.put_async(resource.function, {"destinationConfig": {}, **sent})
    reserved = (resource.properties.get("concurrencyConfig") or {}).get("reservedConcurrency")
    if reserved is not None:
        api.reserve(resource.function, int(reserved))


def _checksum(code: bytes) -> str:
    crc = Crc64(0)
    crc.update(code)
    return str(crc.sum64())
