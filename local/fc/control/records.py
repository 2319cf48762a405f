"""The stored functions and triggers, and their form in answers."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from local.fc.control.errors import no_function, no_trigger


@dataclass
class TriggerRecord:
    """A trigger; `fields` have been validated, `id` never changes."""

    fields: dict[str, Any]
    created: str
    modified: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def kind(self) -> str:
        """`http` or `timer`."""
        return str(self.fields["triggerType"])

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, parsed."""
        parsed: dict[str, Any] = self.fields["config"]
        return parsed


@dataclass
class FunctionRecord:
    """A function; `properties` have been validated and exclude the code."""

    properties: dict[str, Any]
    code: bytes
    checksum: str
    created: str
    modified: str
    triggers: dict[str, TriggerRecord] = field(default_factory=dict)
    async_config: dict[str, Any] | None = None
    async_changed: str = ""
    reserved: int | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.properties["functionName"])

    def trigger(self, name: str) -> TriggerRecord:
        """Return the trigger. Raises ControlError: TriggerNotFound."""
        if name not in self.triggers:
            raise no_trigger(self.name, name)
        return self.triggers[name]

    @property
    def http(self) -> TriggerRecord | None:
        """The HTTP trigger, of which a function has at most one."""
        return next((trigger for trigger in self.triggers.values() if trigger.kind == "http"), None)


class Registry:
    """All functions of one account in one region."""

    def __init__(self, region: str, account: str) -> None:
        self.functions: dict[str, FunctionRecord] = {}
        self._region, self._account = region, account

    def function(self, name: str) -> FunctionRecord:
        """Return the function. Raises ControlError: FunctionNotFound."""
        if name not in self.functions:
            raise no_function(name)
        return self.functions[name]

    def arn(self, name: str) -> str:
        """Return a function's ARN, as policies name it."""
        return f"acs:fc:{self._region}:{self._account}:functions/{name}"

    def shown(self, record: FunctionRecord) -> dict[str, Any]:
        """Return a function in the form of the API: its properties, and what the service adds.

        An empty list of layers is omitted: fc3 would see a change and ask at each deployment.
        """
        given = {name: value for name, value in record.properties.items() if name != "layers" or value}
        return {
            **given,
            "codeChecksum": record.checksum,
            "codeSize": len(record.code),
            "createdTime": record.created,
            "lastModifiedTime": record.modified,
            "functionArn": self.arn(record.name),
            "functionId": record.id,
            "state": "Active",
            "lastUpdateStatus": "Successful",
        }

    @staticmethod
    def shown_trigger(trigger: TriggerRecord, url: str | None) -> dict[str, Any]:
        """Return a trigger in the form of the API; `url` is the address of an HTTP trigger."""
        shown = {name: value for name, value in trigger.fields.items() if name != "config"}
        http = {"httpTrigger": {"urlInternet": url, "urlIntranet": url}} if url else {}
        return {
            **shown,
            **http,
            "createdTime": trigger.created,
            "lastModifiedTime": trigger.modified,
            "triggerId": trigger.id,
        }

    def shown_async(self, record: FunctionRecord) -> dict[str, Any]:
        """Return the limits of asynchronous calls in the form of the API."""
        return {
            **(record.async_config or {}),
            "functionArn": self.arn(record.name),
            "qualifier": "LATEST",
            "createdTime": record.async_changed,
            "lastModifiedTime": record.async_changed,
        }

    def shown_concurrency(self, record: FunctionRecord) -> dict[str, Any]:
        """Return the reserved concurrency in the form of the API."""
        return {"functionArn": self.arn(record.name), "reservedConcurrency": record.reserved}


def stamp(now: float) -> str:
    """Format epoch seconds as the API does."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
