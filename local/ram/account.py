"""One Alibaba Cloud account in RAM: users with long-term keys, roles, and tokens issued by STS."""

from __future__ import annotations

import base64
import secrets
import string
import threading
from collections.abc import Sequence
from typing import NamedTuple

from local.ram.policy import Decision, PolicyDocument, check_policy, evaluate

_ALPHANUMERIC = string.ascii_letters + string.digits
_TOKEN_BYTES = 480  # a real security token is some 600 to 1,000 characters of base64


class UnknownAccessKey(LookupError):
    """The AccessKey id does not exist or was revoked."""


class UnknownToken(LookupError):
    """The security token does not belong to this AccessKey id, or is missing although the key needs one."""


class UnknownRole(LookupError):
    """There is no role with this ARN."""


class AccessKey(NamedTuple):
    """A long-term key."""

    id: str
    secret: str


class StsToken(NamedTuple):
    """A credential from AssumeRole; `expires` is in epoch seconds."""

    id: str
    secret: str
    security_token: str
    expires: float


class Role(NamedTuple):
    """A role; `trusted` are the principals that may assume it, `max_session` is in seconds."""

    arn: str
    id: str
    trusted: tuple[str, ...]
    policies: tuple[PolicyDocument, ...]
    max_session: int


class Identity(NamedTuple):
    """The signer of a request, with its permissions.

    `arn` names a user, or a session of a role; `principal` is its name in a trust policy (the user or
    the role). `expires` is in epoch seconds, None for a long-term key. `layers` are the sets of policies that
    apply to it, the role's and the session's: every set must allow an action.
    """

    arn: str
    secret: str
    expires: float | None
    principal: str
    layers: tuple[tuple[PolicyDocument, ...], ...]

    def allows(self, action: str, resource: str, *, now: float) -> bool:
        """Whether it may do `action` on the ARN `resource` at `now` (epoch seconds); false once expired."""
        if self.expires is not None and now >= self.expires:
            return False
        return all(evaluate(layer, action, resource) is Decision.ALLOW for layer in self.layers)

    def trusted_by(self, role: Role) -> bool:
        """Whether the trust policy of `role` names this identity, or its whole account."""
        account_root = f"{self.principal.rpartition(':')[0]}:root"
        return self.principal in role.trusted or account_root in role.trusted


class _Key(NamedTuple):
    """The owner of a key; `security_token` must accompany a temporary key, None for a long-term one."""

    identity: Identity
    security_token: str | None


class Ram:
    """The account's users, roles, keys and tokens; thread-safe."""

    def __init__(self, account_id: str = "1234567890123456") -> None:
        """Start empty; `account_id` is the number in every ARN."""
        self.account_id = account_id
        self._lock = threading.Lock()
        self._roles: dict[str, Role] = {}
        self._keys: dict[str, _Key] = {}

    def add_user(self, name: str, policies: Sequence[PolicyDocument]) -> AccessKey:
        """Create a user with one long-term key. Raises MalformedPolicy."""
        key = AccessKey("LTAI5t" + _random(18), _random(30))
        arn = f"acs:ram::{self.account_id}:user/{name}"
        identity = Identity(arn, key.secret, None, arn, (_checked(policies),))
        with self._lock:
            self._keys[key.id] = _Key(identity, None)
        return key

    def add_role(
        self,
        name: str,
        *,
        trusted: Sequence[str],
        policies: Sequence[PolicyDocument],
        max_session: int = 3600,
    ) -> str:
        """Create a role, or replace the one of that name, and return its ARN. Raises MalformedPolicy.

        `trusted` are ARNs of accounts (`…:root`), users or roles, or services such as `fc.aliyuncs.com`;
        `max_session` is the maximum duration of a session in seconds. Issued tokens stay valid, with the
        role's new permissions.
        """
        arn = f"acs:ram::{self.account_id}:role/{name.lower()}"
        role_id = "".join(secrets.choice(string.digits) for _ in range(18))
        with self._lock:
            if arn in self._roles:
                role_id = self._roles[arn].id
            self._roles[arn] = Role(arn, role_id, tuple(trusted), _checked(policies), max_session)
        return arn

    def role(self, arn: str) -> Role:
        """Return the role with this ARN; role names are case-insensitive. Raises UnknownRole."""
        with self._lock:
            role = self._roles.get(arn.lower())
        if role is None:
            raise UnknownRole(arn)
        return role

    def issue(
        self,
        role_arn: str,
        *,
        session_name: str,
        session_policy: PolicyDocument | None,
        duration: int,
        now: float,
    ) -> StsToken:
        """Issue a token for a session of the role, `duration` seconds long from `now` (epoch seconds).

        The STS stand-in checks the caller (trust, permissions, bounds), not this method.
        Raises UnknownRole, MalformedPolicy.
        """
        role = self.role(role_arn)
        layers = (role.policies,) if session_policy is None else (role.policies, _checked([session_policy]))
        security_token = "CAIS" + base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
        token = StsToken("STS.N" + _random(24), _random(44), security_token, now + duration)
        identity = Identity(f"{role.arn}/{session_name}", token.secret, token.expires, role.arn, layers)
        with self._lock:
            self._keys[token.id] = _Key(identity, security_token)
        return token

    def revoke(self, access_key_id: str) -> None:
        """Invalidate a key or a token at once, as when an operator deletes it. Raises UnknownAccessKey."""
        with self._lock:
            if self._keys.pop(access_key_id, None) is None:
                raise UnknownAccessKey(access_key_id)

    def identify(self, access_key_id: str, security_token: str | None) -> Identity:
        """Return the owner of a key, expired or not. Raises UnknownAccessKey, UnknownToken."""
        with self._lock:
            found = self._keys.get(access_key_id)
            role = self._roles.get(found.identity.principal) if found else None
        if found is None:
            raise UnknownAccessKey(access_key_id)
        if (security_token or None) != found.security_token:
            raise UnknownToken(access_key_id)
        if found.security_token is None or role is None:
            return found.identity
        return found.identity._replace(layers=(role.policies, *found.identity.layers[1:]))


def _checked(policies: Sequence[PolicyDocument]) -> tuple[PolicyDocument, ...]:
    return tuple(check_policy(policy) for policy in policies)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
