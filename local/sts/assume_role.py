"""AssumeRole: its parameters, its authorization, and its answer.

Source: the STS documentation ("AssumeRole"), including the bounds.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from local.ram import Identity, MalformedPolicy, PolicyDocument, Ram, Role, UnknownRole, check_policy
from local.sts.claims import required
from local.sts.errors import StsError, malformed, no_permission

POLICY_LIMIT = 2048  # characters
MIN_DURATION = 900  # seconds
DEFAULT_DURATION = 3600  # seconds

_ROLE_ARN = re.compile(r"acs:ram::\d+:role/[A-Za-z0-9.-]+")
_SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}")


class AssumeRoleParameters(NamedTuple):
    """The validated parameters of one call; `duration` is in seconds."""

    role_arn: str
    session_name: str
    duration: int
    policy: PolicyDocument | None

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> AssumeRoleParameters:
        """Raises StsError if a parameter is missing or malformed."""
        role_arn = required(parameters, "RoleArn")
        session_name = required(parameters, "RoleSessionName")
        if not _ROLE_ARN.fullmatch(role_arn):
            raise malformed("RoleArn")
        if not _SESSION_NAME.fullmatch(session_name):
            raise malformed("RoleSessionName")
        return cls(role_arn, session_name, _read_duration(parameters), _read_policy(parameters))


def assume_role(ram: Ram, caller: Identity, wanted: AssumeRoleParameters, *, now: float) -> dict[str, Any]:
    """Issue the token; returns the answer without its RequestId. Raises StsError for a refusal."""
    if not caller.allows("sts:AssumeRole", wanted.role_arn, now=now):
        raise no_permission()
    try:
        role = ram.role(wanted.role_arn)
    except UnknownRole:
        raise StsError(404, "EntityNotExist.Role", "The specified Role not exists.") from None
    if not caller.trusted_by(role):
        raise no_permission()
    _check_duration(wanted, role)
    token = ram.issue(
        role.arn,
        session_name=wanted.session_name,
        session_policy=wanted.policy,
        duration=wanted.duration,
        now=now,
    )
    return {
        "AssumedRoleUser": {
            "Arn": f"{role.arn}/{wanted.session_name}",
            "AssumedRoleId": f"{role.id}:{wanted.session_name}",
        },
        "Credentials": {
            "AccessKeyId": token.id,
            "AccessKeySecret": token.secret,
            "SecurityToken": token.security_token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.expires)),
        },
    }


def _read_duration(parameters: Mapping[str, str]) -> int:
    text = parameters.get("DurationSeconds", str(DEFAULT_DURATION))
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise malformed("DurationSeconds")
    return int(text)


def _check_duration(wanted: AssumeRoleParameters, role: Role) -> None:
    if not MIN_DURATION <= wanted.duration <= role.max_session:
        bounds = f"{MIN_DURATION // 60}min/{role.max_session / 3600:g}hr"
        message = f"The Min/Max value of DurationSeconds is {bounds}."
        raise StsError(400, "InvalidParameter.DurationSeconds", message)


def _read_policy(parameters: Mapping[str, str]) -> PolicyDocument | None:
    text = parameters.get("Policy")
    if text is None:
        return None
    if len(text) > POLICY_LIMIT:
        message = f"The size of Policy must be smaller than {POLICY_LIMIT} bytes."
        raise StsError(400, "InvalidParameter.PolicySize", message)
    try:
        return check_policy(json.loads(text))
    except (ValueError, MalformedPolicy, RecursionError):
        message = "The parameter Policy has not passed grammar check."
        raise StsError(400, "InvalidParameter.PolicyGrammar", message) from None
