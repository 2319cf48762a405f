"""What the API remembers of functions and their triggers, and how it shows them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from local.fc.control.errors import no_function, no_trigger


@dataclass
class TriggerRecord:
    """A trigger; `fields` are as checked, `id` never changes."""

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
    """A function; `properties` are as checked, without the code."""

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
        """Return that trigger. Raises ControlError, TriggerNotFound."""
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
        """Return that function. Raises ControlError, FunctionNotFound."""
        if name not in self.functions:
            raise no_function(name)
        return self.functions[name]

    def arn(self, name: str) -> str:
        """Return the name of a function as policies have it."""
        return f"acs:fc:{self._region}:{self._account}:functions/{name}"

    def shown(self, record: FunctionRecord) -> dict[str, Any]:
        """Return a function as the API does: as it was given, with what the service knows besides.

        An empty list of layers is left out: fc3 would take it for a change, and ask at each deployment.
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
        """Return a trigger as the API does; `url` is an HTTP trigger's address."""
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
        """Return the limits of asynchronous calls as the API does."""
        return {
            **(record.async_config or {}),
            "functionArn": self.arn(record.name),
            "qualifier": "LATEST",
            "createdTime": record.async_changed,
            "lastModifiedTime": record.async_changed,
        }

    def shown_concurrency(self, record: FunctionRecord) -> dict[str, Any]:
        """Return the reserved concurrency as the API does."""
        return {"functionArn": self.arn(record.name), "reservedConcurrency": record.reserved}


def stamp(now: float) -> str:
    """Return epoch seconds as the API writes them."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
