"""GetCallerIdentity: who signed the call. It needs no permission and has no parameter.

Source: the STS documentation ("GetCallerIdentity").
"""

from __future__ import annotations

from typing import Any

from local.ram import Identity, Ram, UnknownRole


def caller_identity(ram: Ram, caller: Identity) -> dict[str, Any]:
    """Return the answer without its RequestId."""
    told = {"AccountId": ram.account_id, "Arn": _arn(caller)}
    session = caller.arn.removeprefix(f"{caller.principal}/")
    if session == caller.arn:
        name = caller.arn.rpartition("/")[2]
        return {**told, "IdentityType": "RAMUser", "UserId": name, "PrincipalId": name}
    role = _role_id(ram, caller)
    kind = {"IdentityType": "AssumedRoleUser", "RoleId": role, "PrincipalId": f"{role}:{session}"}
    return {**told, **kind}


def _arn(caller: Identity) -> str:
    """The ARN of a session: `acs:ram::1:assumed-role/name/session`."""
    if caller.arn == caller.principal:
        return caller.arn
    return caller.arn.replace(":role/", ":assumed-role/", 1)


def _role_id(ram: Ram, caller: Identity) -> str:
    try:
        return ram.role(caller.principal).id
    except UnknownRole:
        return ""
