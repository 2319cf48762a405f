"""The operations of the API: validation, stored state, and the effect on running functions.

Sources: the operations' paths, bodies and results in alibabacloud-fc20230330 4.8.3, and what Serverless
Devs' component fc3 sends and reads.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import NamedTuple

from local.fc.control.access import ControlAccess
from local.fc.control.code import LARGEST_ZIP
from local.fc.control.errors import ControlError, denied, invalid
from local.fc.control.fields import Fields, between, typed
from local.fc.control.machine import Machine
from local.fc.control.properties import checked
from local.fc.control.readings import Body, Readings, Request
from local.fc.control.records import FunctionRecord, Registry, TriggerRecord, stamp
from local.fc.control.trigger_config import checked_async, checked_trigger
from local.ram import Identity

QUOTA = 100  # instances of an account in a region ("Quotas and limits")
TOKEN_LASTS = 3600  # seconds: the credential of the temporary bucket


class Logstores(NamedTuple):
    """SLS as Function Compute sees it: the problem with a Project and Logstore, "" if there is none."""

    problem: Callable[[str, str], str]


class Code(NamedTuple):
    """OSS as Function Compute sees it: `fetch` returns an object, None if it does not exist."""

    bucket: str
    fetch: Callable[[str, str], bytes | None]


class Operations(Readings):
    """All operations: those that change something, and the inherited ones that read."""

    def __init__(
        self,
        registry: Registry,
        machine: Machine,
        gate: ControlAccess,
        *,
        code: Code,
        logstores: Logstores,
        account: str,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(registry, machine, gate, clock)
        self._code, self._logstores, self._account = code, logstores, account

    def create_function(self, request: Request) -> Body:
        """CreateFunction."""
        given = request.fields()
        name = typed(given, "functionName", str, "")
        self._gate.permit(request.caller, "fc:CreateFunction", self._registry.arn(name))
        properties = self._checked(request, given)
        if name in self._registry.functions:
            raise ControlError(409, "FunctionAlreadyExists", f"function '{name}' already exists")
        code = self._code_of(given, request.caller)
        if code is None:
            raise invalid("code is missing; it must have ossBucketName and ossObjectName, or zipFile")
        now = stamp(self._clock())
        record = FunctionRecord(properties, code, self._machine.checksum(code), now, now)
        self._machine.create(record)
        self._registry.functions[name] = record
        return self._registry.shown(record)

    def update_function(self, request: Request) -> Body:
        """UpdateFunction: properties that are not given stay."""
        record = self._found(request, "fc:UpdateFunction")
        given = {**request.fields(), "functionName": record.name}
        properties = self._checked(request, {**record.properties, **given})
        code = self._code_of(given, request.caller)
        if code is not None:
            checksum = self._machine.checksum(code)
        else:
            code, checksum = record.code, record.checksum
        self._machine.update(record, properties, code)
        record.properties, record.code, record.checksum = properties, code, checksum
        record.modified = stamp(self._clock())
        return self._registry.shown(record)

    def delete_function(self, request: Request) -> None:
        """DeleteFunction; its triggers must be deleted first."""
        record = self._found(request, "fc:DeleteFunction")
        if record.triggers:
            names = ", ".join(sorted(record.triggers))
            raise ControlError(409, "ResourceNotEmpty", f"function '{record.name}' has triggers: {names}")
        self._machine.remove(record)
        del self._registry.functions[record.name]

    def create_trigger(self, request: Request) -> Body:
        """CreateTrigger."""
        record = self._found(request, "fc:CreateTrigger")
        fields = checked_trigger(request.fields())
        name = fields["triggerName"]
        if name in record.triggers:
            raise ControlError(409, "TriggerAlreadyExists", f"trigger '{name}' already exists")
        if fields["triggerType"] == "http" and record.http:
            raise invalid(f"function '{record.name}' has an HTTP trigger already")
        now = stamp(self._clock())
        record.triggers[name] = trigger = TriggerRecord(fields, now, now)
        self._machine.start_trigger(record, name)
        return self._shown(record, trigger)

    def update_trigger(self, request: Request) -> Body:
        """UpdateTrigger; name and type cannot change."""
        record = self._found(request, "fc:UpdateTrigger")
        trigger = record.trigger(request.names["trigger"])
        kept = {name: trigger.fields[name] for name in ("triggerName", "triggerType")}
        trigger.fields = checked_trigger({**trigger.fields, **request.fields(), **kept})
        trigger.modified = stamp(self._clock())
        self._machine.start_trigger(record, trigger.fields["triggerName"])
        return self._shown(record, trigger)

    def delete_trigger(self, request: Request) -> None:
        """DeleteTrigger."""
        record = self._found(request, "fc:DeleteTrigger")
        name = request.names["trigger"]
        record.trigger(name)
        del record.triggers[name]
        self._machine.stop_trigger(record, name)

    def put_async(self, request: Request) -> Body:
        """PutAsyncInvokeConfig."""
        record = self._found(request, "fc:PutAsyncInvokeConfig")
        record.async_config = checked_async(request.fields())
        record.async_changed = stamp(self._clock())
        return self._registry.shown_async(record)

    def delete_async(self, request: Request) -> None:
        """DeleteAsyncInvokeConfig."""
        self._found(request, "fc:DeleteAsyncInvokeConfig").async_config = None

    def put_concurrency(self, request: Request) -> Body:
        """PutConcurrencyConfig: the function's maximum of instances, reserved from the account's quota."""
        record = self._found(request, "fc:PutConcurrencyConfig")
        fields = request.fields()
        if fields.get("reservedConcurrency") is None:
            raise invalid("reservedConcurrency is missing")
        wanted = between(fields, "reservedConcurrency", 0, 2**31 - 1, 0)
        others = sum(one.reserved or 0 for one in self._registry.functions.values() if one is not record)
        if others + wanted > QUOTA:
            message = f"reservedConcurrency is {wanted}; {QUOTA - others} of the account's {QUOTA} are left"
            raise invalid(message)
        self._reserve(record, wanted)
        return self._registry.shown_concurrency(record)

    def delete_concurrency(self, request: Request) -> None:
        """DeleteConcurrencyConfig."""
        self._reserve(self._found(request, "fc:DeleteConcurrencyConfig"), None)

    def temp_bucket_token(self, request: Request) -> Body:
        """GetTempBucketToken, of FC 2.0's API: where to upload code, and a credential for it."""
        self._gate.permit(request.caller, "fc:GetTempBucketToken", "*")
        token, name = self._machine.bucket_token(TOKEN_LASTS)
        keys = {
            "AccessKeyId": token.id,
            "AccessKeySecret": token.secret,
            "SecurityToken": token.security_token,
        }
        return {"credentials": keys, "ossBucket": self._code.bucket, "objectName": name}

    def invokable(self, request: Request) -> FunctionRecord:
        """Check an InvokeFunction call and return the function."""
        return self._found(request, "fc:InvokeFunction")

    def _checked(self, request: Request, given: Fields) -> Body:
        properties = checked({name: given[name] for name in given if name != "code"}, self._account)
        role = properties.get("role")
        if role and not request.caller.allows("ram:PassRole", role, now=self._clock()):
            raise denied(f"the caller is not authorized to perform 'ram:PassRole' on resource '{role}'")
        logs = properties.get("logConfig") or {}
        if logs.get("project") and (problem := self._logstores.problem(logs["project"], logs["logstore"])):
            raise invalid(f"logConfig: {problem}")
        return properties

    def _code_of(self, given: Fields, caller: Identity) -> bytes | None:
        place = typed(given, "code", dict, {})
        if text := typed(place, "zipFile", str, ""):
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise invalid("code.zipFile is not base64") from None
        bucket, name = (typed(place, key, str, "") for key in ("ossBucketName", "ossObjectName"))
        if not bucket and not name:
            return None
        if bucket != self._code.bucket:
            self._gate.permit(caller, "oss:GetObject", f"acs:oss:*:{self._account}:{bucket}/{name}")
        data = self._code.fetch(bucket, name)
        if data is None:
            raise invalid(f"code: object '{name}' of bucket '{bucket}' does not exist")
        if typed(place, "checksum", str, "") not in ("", self._machine.checksum(data)):
            raise invalid("code.checksum is not the CRC-64 of the object")
        if len(data) > LARGEST_ZIP:
            raise invalid(f"the code has {len(data)} bytes; at most {LARGEST_ZIP} are allowed")
        return data

    def _reserve(self, record: FunctionRecord, instances: int | None) -> None:
        self._machine.reserve(record, instances)
        record.reserved = instances
