"""The read-only operations, and the checks that all operations share: authorization before existence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from local.fc.control.access import ControlAccess
from local.fc.control.errors import ControlError
from local.fc.control.fields import read_object
from local.fc.control.machine import Machine
from local.fc.control.records import FunctionRecord, Registry, TriggerRecord
from local.ram import Identity

Body = dict[str, Any]


class Request(NamedTuple):
    """One call: the caller, the names in its path, its query and its raw body."""

    caller: Identity
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def function(self) -> str:
        """The function's name, if the path has one."""
        return self.names.get("function", "")

    def fields(self) -> Body:
        """The body, a JSON object. Raises ControlError."""
        return read_object(self.body, "the body")


class Readings:
    """The operations; each returns the answer's body or raises ControlError, and holds `lock`."""

    def __init__(
        self, registry: Registry, machine: Machine, gate: ControlAccess, clock: Callable[[], float]
    ) -> None:
        self.lock = threading.RLock()
        self._registry, self._machine, self._gate, self._clock = registry, machine, gate, clock

    def list_functions(self, request: Request) -> Body:
        """ListFunctions."""
        self._gate.permit(request.caller, "fc:ListFunctions", self._registry.arn("*"))
        prefix = request.query.get("prefix", "")
        found = [one for name, one in sorted(self._registry.functions.items()) if name.startswith(prefix)]
        return {"functions": [self._registry.shown(record) for record in found]}

    def get_function(self, request: Request) -> Body:
        """GetFunction."""
        return self._registry.shown(self._found(request, "fc:GetFunction"))

    def list_triggers(self, request: Request) -> Body:
        """ListTriggers."""
        record = self._found(request, "fc:ListTriggers")
        return {"triggers": [self._shown(record, trigger) for trigger in record.triggers.values()]}

    def get_trigger(self, request: Request) -> Body:
        """GetTrigger."""
        record = self._found(request, "fc:GetTrigger")
        return self._shown(record, record.trigger(request.names["trigger"]))

    def get_async(self, request: Request) -> Body:
        """GetAsyncInvokeConfig."""
        record = self._found(request, "fc:GetAsyncInvokeConfig")
        if record.async_config is None:
            message = f"async invoke config of function '{record.name}' does not exist"
            raise ControlError(404, "AsyncConfigNotExists", message)
        return self._registry.shown_async(record)

    def get_concurrency(self, request: Request) -> Body:
        """GetConcurrencyConfig."""
        record = self._found(request, "fc:GetConcurrencyConfig")
        if record.reserved is None:
            message = f"concurrency config of function '{record.name}' does not exist"
            raise ControlError(404, "ConcurrencyConfigNotFound", message)
        return self._registry.shown_concurrency(record)

    def vpc_bindings(self, request: Request) -> Body:
        """ListVpcBindings: always empty."""
        self._found(request, "fc:ListVpcBindings")
        return {"vpcIds": []}

    def nothing(self, request: Request) -> Body:
        """GetScalingConfig and GetProvisionConfig: never configured."""
        self._found(request, "fc:GetProvisionConfig")
        return {}

    def aliases(self, request: Request) -> Body:
        """ListAliases: always empty."""
        self._found(request, "fc:ListAliases")
        return {"aliases": []}

    def versions(self, request: Request) -> Body:
        """ListFunctionVersions: always empty."""
        self._found(request, "fc:ListFunctionVersions")
        return {"direction": "BACKWARD", "versions": []}

    def list_async(self, request: Request) -> Body:
        """ListAsyncInvokeConfigs, of one function if its name is in the query."""
        records = self._all(request, "fc:ListAsyncInvokeConfigs")
        return {"configs": [self._registry.shown_async(one) for one in records if one.async_config]}

    def list_concurrency(self, request: Request) -> Body:
        """ListConcurrencyConfigs, of one function if its name is in the query."""
        records = self._all(request, "fc:ListConcurrencyConfigs")
        reserved = [one for one in records if one.reserved is not None]
        return {"configs": [self._registry.shown_concurrency(one) for one in reserved]}

    def list_scaling(self, request: Request) -> Body:
        """ListScalingConfigs: always empty."""
        self._all(request, "fc:ListScalingConfigs")
        return {"scalingConfigs": []}

    def list_provision(self, request: Request) -> Body:
        """ListProvisionConfigs: always empty."""
        self._all(request, "fc:ListProvisionConfigs")
        return {"provisionConfigs": []}

    def _found(self, request: Request, action: str) -> FunctionRecord:
        """Authorization comes first: without permission, a caller does not learn which functions exist."""
        self._gate.permit(request.caller, action, self._registry.arn(request.function))
        qualifier = request.query.get("qualifier") or "LATEST"
        record = self._registry.function(request.function)
        if qualifier != "LATEST":
            raise ControlError(404, "VersionNotFound", f"version or alias '{qualifier}' does not exist")
        return record

    def _all(self, request: Request, action: str) -> list[FunctionRecord]:
        name = request.query.get("functionName", "")
        self._gate.permit(request.caller, action, self._registry.arn(name or "*"))
        return [one for one in self._registry.functions.values() if name in ("", one.name)]

    def _shown(self, record: FunctionRecord, trigger: TriggerRecord) -> Body:
        url = self._machine.url(record) if trigger.kind == "http" else None
        return self._registry.shown_trigger(trigger, url)
