"""A local RAM: users, roles and issued tokens, shared by all stand-ins.

Everything is in memory and thread-safe. Time is never read here: callers pass `now`.
"""

from local.ram.account import (
    AccessKey,
    Identity,
    Ram,
    Role,
    StsToken,
    UnknownAccessKey,
    UnknownRole,
    UnknownToken,
)
from local.ram.policy import MalformedPolicy, PolicyDocument, check_policy, trust_document

__all__ = [
    "AccessKey",
    "Identity",
    "MalformedPolicy",
    "PolicyDocument",
    "Ram",
    "Role",
    "StsToken",
    "UnknownAccessKey",
    "UnknownRole",
    "UnknownToken",
    "check_policy",
    "trust_document",
]
