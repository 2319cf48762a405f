"""RAM, and STS's GetCallerIdentity, as far as provisioning calls them: signatures checked, state kept.

Codes and statuses are those of the RAM documentation (2015-05-01) for each call.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.ram import Identity, Ram
from local.sts import acs3
from local.sts.authentication import Gate
from local.sts.claims import Call
from local.sts.errors import StsError

MAX_VERSIONS = 5
MAX_DOCUMENT = 6144  # characters
VERSIONS = {"2015-05-01", "2015-04-01"}  # RAM's, STS's


@dataclass
class StoredRole:
    """A role; `policies` are (type, name)."""

    trust: dict[str, Any]
    max_session: int
    policies: set[tuple[str, str]] = field(default_factory=set)


Parameters = Mapping[str, str]
Action = Callable[[Parameters, Identity], dict[str, Any]]


class RamApi:
    """The account's roles and policies over HTTP; `calls` are the actions that came, in order."""

    def __init__(self, ram: Ram) -> None:
        self._ram, self._gate = ram, Gate(ram, time.time, 6000)
        self.roles: dict[str, StoredRole] = {}
        self.policies: dict[
            tuple[str, str], list[dict[str, Any]]
        ] = {}  # (type, name) → versions, last in force
        self.calls: list[str] = []
        self.fail_on: dict[str, StsError] = {}  # action → what it is refused with, for a run that breaks off

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.url.query, headers, await request.body())
        await self._answer(call)(scope, receive, send)

    def _answer(self, call: Call) -> Response:
        try:
            return JSONResponse({"RequestId": "REQUEST", **self._carry_out(call)})
        except StsError as refusal:
            body = {"RequestId": "REQUEST", "Code": refusal.code, "Message": refusal.message}
            return JSONResponse(body, refusal.status)

    def _carry_out(self, call: Call) -> dict[str, Any]:
        claim = acs3.read(call)
        identity = self._gate.admit(claim)
        self.calls.append(claim.action)
        action: Action | None = getattr(self, _method_name(claim.action), None)
        if claim.version not in VERSIONS or action is None:
            raise StsError(404, "InvalidAction.NotFound", f"no {claim.action} in {claim.version}")
        service = "sts" if claim.action == "GetCallerIdentity" else "ram"
        if service == "ram" and not identity.allows(f"ram:{claim.action}", "*", now=time.time()):
            raise StsError(403, "NoPermission", f"You are not authorized to do ram:{claim.action}.")
        if refusal := self.fail_on.get(claim.action):
            raise refusal
        return action(claim.parameters, identity)

    def _get_caller_identity(self, _: Parameters, caller: Identity) -> dict[str, Any]:
        return {"AccountId": self._ram.account_id, "Arn": caller.arn, "IdentityType": "RAMUser"}

    def _get_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        return {"Role": self._shown(given["RoleName"], self._role(given["RoleName"]))}

    def _create_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        name = given["RoleName"]
        if name in self.roles:
            raise StsError(409, "EntityAlreadyExist.Role", f"The role already exists: {name}.")
        role = StoredRole(
            self._trust(given["AssumeRolePolicyDocument"]), int(given.get("MaxSessionDuration", 3600))
        )
        self.roles[name] = role
        return {"Role": self._shown(name, role)}

    def _update_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        role = self._role(given["RoleName"])
        if document := given.get("NewAssumeRolePolicyDocument"):
            role.trust = self._trust(document)
        if seconds := given.get("NewMaxSessionDuration"):
            role.max_session = int(seconds)
        return {"Role": self._shown(given["RoleName"], role)}

    def _get_policy(self, given: Parameters, _: Identity) -> dict[str, Any]:
        versions = self._policy(given["PolicyType"], given["PolicyName"])
        number = f"v{len(versions)}"
        return {
            "Policy": {"PolicyName": given["PolicyName"], "DefaultVersion": number},
            "DefaultPolicyVersion": {"VersionId": number, "PolicyDocument": json.dumps(versions[-1])},
        }

    def _create_policy(self, given: Parameters, _: Identity) -> dict[str, Any]:
        key = ("Custom", given["PolicyName"])
        if key in self.policies:
            raise StsError(409, "EntityAlreadyExist.Policy", f"The policy already exists: {key[1]}.")
        self.policies[key] = [_document(given["PolicyDocument"])]
        return {"Policy": {"PolicyName": key[1], "DefaultVersion": "v1"}}

    def _create_policy_version(self, given: Parameters, _: Identity) -> dict[str, Any]:
        versions = self._policy("Custom", given["PolicyName"])
        if len(versions) >= MAX_VERSIONS:
            message = f"The policy has {MAX_VERSIONS} versions."
            raise StsError(409, "LimitExceeded.Policy.Version", message)
        if given.get("SetAsDefault", "").lower() != "true":
            raise StsError(
                400, "InvalidParameter.SetAsDefault", "this stand-in only knows the last as default"
            )
        versions.append(_document(given["PolicyDocument"]))
        return {"PolicyVersion": {"VersionId": f"v{len(versions)}", "IsDefaultVersion": True}}

    def _attach_policy_to_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        role, key = self._role(given["RoleName"]), (given["PolicyType"], given["PolicyName"])
        self._policy(*key)
        if key in role.policies:
            raise StsError(409, "EntityAlreadyExist.Role.Policy", "The policy is attached already.")
        role.policies.add(key)
        return {}

    def _list_policies_for_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        attached = sorted(self._role(given["RoleName"]).policies)
        return {"Policies": {"Policy": [{"PolicyType": kind, "PolicyName": name} for kind, name in attached]}}

    def _role(self, name: str) -> StoredRole:
        if name not in self.roles:
            raise StsError(404, "EntityNotExist.Role", f"The role not exists: {name}.")
        return self.roles[name]

    def _policy(self, kind: str, name: str) -> list[dict[str, Any]]:
        if (kind, name) not in self.policies:
            raise StsError(404, "EntityNotExist.Policy", f"The policy not exists: {name}.")
        return self.policies[(kind, name)]

    def _trust(self, text: str) -> dict[str, Any]:
        document = _document(text)
        for statement in document["Statement"]:
            for arn in statement["Principal"].get("RAM", []):
                account, _, name = arn.removeprefix("acs:ram::").partition(":")
                known = account == self._ram.account_id and (
                    name == "root" or name.removeprefix("role/") in self.roles
                )
                if not known:
                    raise StsError(400, "MalformedPolicyDocument", f"The principal does not exist: {arn}.")
        return document

    def _shown(self, name: str, role: StoredRole) -> dict[str, Any]:
        return {
            "RoleName": name,
            "Arn": f"acs:ram::{self._ram.account_id}:role/{name}",
            "AssumeRolePolicyDocument": json.dumps(role.trust),
            "MaxSessionDuration": role.max_session,
        }


def _method_name(action: str) -> str:
    """`GetRole` is answered by `_get_role`."""
    return re.sub(r"([A-Z])", r"_\1", action).lower()


def _document(text: str) -> dict[str, Any]:
    if len(text) > MAX_DOCUMENT:
        raise StsError(400, "InvalidParameter.PolicyDocument.Length", "The document is too long.")
    document: dict[str, Any] = json.loads(text)
    if document.get("Version") != "1" or not document.get("Statement"):
        raise StsError(400, "MalformedPolicyDocument", "The policy document is wrongly formed.")
    return document
