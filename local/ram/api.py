"""RAM over HTTP, as far as provisioning calls it: checks signatures, keeps state, applies changes at once.

Codes and statuses are those of the RAM documentation (2015-05-01) for each call.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.ram.account import Identity, Ram
from local.ram.policy import MalformedPolicy, PolicyDocument, check_policy
from local.sts import acs3
from local.sts.authentication import StsAuthentication
from local.sts.claims import Call
from local.sts.errors import StsError, error_fields, request_id

MAX_VERSIONS = 5
MAX_DOCUMENT = 6144  # characters
VERSION = "2015-05-01"


@dataclass
class StoredRole:
    """A role; `policies` are (type, name)."""

    trust: dict[str, Any]
    max_session: int
    policies: set[tuple[str, str]] = field(default_factory=set)


Parameters = Mapping[str, str]
Action = Callable[[Parameters, Identity], dict[str, Any]]


class RamApi:
    """The account's roles and policies over HTTP; `calls` are the received actions, in order.

    The other stand-ins use the roles and policies created here. A policy with elements that they do not
    evaluate (conditions) is stored and returned, but grants nothing.
    """

    def __init__(self, ram: Ram, *, calls_a_minute: int = 6000) -> None:
        self._ram, self._gate = ram, StsAuthentication(ram, time.time, calls_a_minute)
        self._lock = threading.Lock()
        self.roles: dict[str, StoredRole] = {}
        self.policies: dict[
            tuple[str, str], list[dict[str, Any]]
        ] = {}  # (type, name) → versions, last in force
        self.calls: list[str] = []
        self.fail_on: dict[str, StsError] = {}  # action → its injected error, for tests of an interrupted run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.method, request.url.query, headers, await request.body())
        await self._answer(call)(scope, receive, send)

    def _answer(self, call: Call) -> Response:
        identifier = request_id()
        try:
            with self._lock:
                return JSONResponse({"RequestId": identifier, **self._carry_out(call)})
        except StsError as refusal:
            body = error_fields(refusal.code, refusal.message, identifier)
            return JSONResponse(body, refusal.status)

    def _carry_out(self, call: Call) -> dict[str, Any]:
        if call.headers.get("authorization") is None:
            raise StsError(400, "MissingAuthorization", "Authorization is mandatory for this action.")
        claim = acs3.read(call)
        identity = self._gate.admit(claim)
        self.calls.append(claim.action)
        action: Action | None = getattr(self, _method_name(claim.action), None)
        if claim.version != VERSION or action is None:
            raise StsError(404, "InvalidAction.NotFound", f"no {claim.action} in {claim.version}")
        if not identity.allows(f"ram:{claim.action}", "*", now=time.time()):
            raise StsError(403, "NoPermission", f"You are not authorized to do ram:{claim.action}.")
        if refusal := self.fail_on.get(claim.action):
            raise refusal
        try:
            return action(claim.parameters, identity)
        except KeyError as absent:
            raise StsError(400, f"Missing{absent.args[0]}", f"{absent.args[0]} is mandatory.") from None

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
        self._activate(name)
        return {"Role": self._shown(name, role)}

    def _update_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        role = self._role(given["RoleName"])
        if document := given.get("NewAssumeRolePolicyDocument"):
            role.trust = self._trust(document)
        if seconds := given.get("NewMaxSessionDuration"):
            role.max_session = int(seconds)
        self._activate(given["RoleName"])
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
                400, "InvalidParameter.SetAsDefault", "this stand-in supports only SetAsDefault=true"
            )
        versions.append(_document(given["PolicyDocument"]))
        for name, role in self.roles.items():
            if ("Custom", given["PolicyName"]) in role.policies:
                self._activate(name)
        return {"PolicyVersion": {"VersionId": f"v{len(versions)}", "IsDefaultVersion": True}}

    def _attach_policy_to_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        role, key = self._role(given["RoleName"]), (given["PolicyType"], given["PolicyName"])
        self._policy(*key)
        if key in role.policies:
            raise StsError(409, "EntityAlreadyExist.Role.Policy", "The policy is attached already.")
        role.policies.add(key)
        self._activate(given["RoleName"])
        return {}

    def _detach_policy_from_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        role, key = self._role(given["RoleName"]), (given["PolicyType"], given["PolicyName"])
        if key not in role.policies:
            raise StsError(404, "EntityNotExist.Role.Policy", "The policy is not attached to the role.")
        role.policies.remove(key)
        self._activate(given["RoleName"])
        return {}

    def _list_policies_for_role(self, given: Parameters, _: Identity) -> dict[str, Any]:
        attached = sorted(self._role(given["RoleName"]).policies)
        return {"Policies": {"Policy": [{"PolicyType": kind, "PolicyName": name} for kind, name in attached]}}

    def _activate(self, name: str) -> None:
        role = self.roles[name]
        documents = [self.policies[key][-1] for key in sorted(role.policies)]
        judged = [document for document in documents if _can_be_evaluated(document)]
        self._ram.add_role(
            name, trusted=_principals(role.trust), policies=judged, max_session=role.max_session
        )

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
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("Version") != "1" or not document.get("Statement"):
        raise StsError(400, "MalformedPolicyDocument", "The policy document is wrongly formed.")
    return document


def _principals(trust: PolicyDocument) -> list[str]:
    """Return the principals that a trust policy allows without a condition."""
    found = []
    for statement in trust["Statement"]:
        if statement.get("Effect") == "Allow" and not statement.get("Condition"):
            named = statement.get("Principal") or {}
            found += [*named.get("Service", []), *named.get("RAM", [])]
    return found


def _can_be_evaluated(document: PolicyDocument) -> bool:
    try:
        check_policy(document)
    except MalformedPolicy:
        return False
    return True
