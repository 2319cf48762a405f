"""The RAM calls of provisioning: find, create and extend roles and custom policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException

from ops.provision.documents import Document, text
from ops.provision.wanted import Role

Answer = TypeVar("Answer")


class FoundRole(NamedTuple):
    """A role's current state. `attached` has the (type, name) of its policies; types: Custom, System."""

    trust: Document
    session_seconds: int
    attached: frozenset[tuple[str, str]]


class RamAccount:
    """The roles and policies of one account. Every call may raise the SDK's ClientException."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find_role(self, name: str) -> FoundRole | None:
        """Return the role, or None if there is none of this name."""
        request = models.GetRoleRequest(role_name=name)
        answer = _or_none(lambda: self._client.get_role(request), "EntityNotExist.Role")
        if answer is None:
            return None
        role = answer.body.role
        document: Document = json.loads(role.assume_role_policy_document)
        return FoundRole(document, int(role.max_session_duration or 3600), self._attached(name))

    def find_policy(self, name: str, kind: str = "Custom") -> Document | None:
        """Return the policy's active version, or None if there is none of this name."""
        request = models.GetPolicyRequest(policy_name=name, policy_type=kind)
        answer = _or_none(lambda: self._client.get_policy(request), "EntityNotExist.Policy")
        if answer is None:
            return None
        document: Document = json.loads(answer.body.default_policy_version.policy_document)
        return document

    def create_role(self, role: Role) -> None:
        """Create a role with its trust policy, without permissions yet."""
        self._client.create_role(
            models.CreateRoleRequest(
                role_name=role.name,
                description=role.description,
                assume_role_policy_document=text(role.trust),
                max_session_duration=role.session_seconds,
            )
        )

    def replace_trust(self, role: Role) -> None:
        """Replace the trust policy with the wanted one."""
        self._client.update_role(
            models.UpdateRoleRequest(role_name=role.name, new_assume_role_policy_document=text(role.trust))
        )

    def set_session(self, role: Role) -> None:
        """Set the role's maximum session duration (seconds)."""
        self._client.update_role(
            models.UpdateRoleRequest(role_name=role.name, new_max_session_duration=role.session_seconds)
        )

    def create_policy(self, role: Role) -> None:
        """Create a custom policy, not attached yet."""
        self._client.create_policy(
            models.CreatePolicyRequest(
                policy_name=role.policy_name,
                description=role.description,
                policy_document=text(role.policy),
            )
        )

    def add_version(self, policy_name: str, document: Document) -> None:
        """Activate a new version; the previous one stays for a rollback."""
        self._client.create_policy_version(
            models.CreatePolicyVersionRequest(
                policy_name=policy_name, policy_document=text(document), set_as_default=True
            )
        )

    def attach(self, role: Role) -> None:
        """Attach the role's policy to it."""
        self._client.attach_policy_to_role(
            models.AttachPolicyToRoleRequest(
                policy_type="Custom", policy_name=role.policy_name, role_name=role.name
            )
        )

    def _attached(self, role_name: str) -> frozenset[tuple[str, str]]:
        request = models.ListPoliciesForRoleRequest(role_name=role_name)
        policies = self._client.list_policies_for_role(request).body.policies
        return frozenset((one.policy_type, one.policy_name) for one in (policies.policy or []))


def _or_none(call: Callable[[], Answer], code: str) -> Answer | None:
    try:
        return call()
    except ClientException as error:
        if error.code != code:
            raise
        return None
