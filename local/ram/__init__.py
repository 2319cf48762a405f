"""RAM on a laptop: users, roles and issued tokens, which the STS and SLS stand-ins share.

Everything is in memory and may be used from many threads. Time is never read here: whoever asks passes `now`.
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
