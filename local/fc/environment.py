"""The environment an instance sees: the function's own, never that of the person who runs the host."""

from __future__ import annotations

import os

from local.fc.function import Credentials, Function

# What a Python interpreter may need to start at all on this machine.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


def build(function: Function, instance_id: str) -> dict[str, str]:
    """Return the variables of one instance, without those that only one kind of runtime has."""
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # A home of its own: the developer's ~/.aliyun and the like are not the function's to read.
    variables |= {"LANG": "C.UTF-8", "HOME": str(function.code)}
    variables |= function.environment
    return variables | {
        "FC_ACCOUNT_ID": function.account_id,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_FUNCTION_NAME": function.name,
        "FC_INSTANCE_ID": instance_id,
        "FC_REGION": function.region,
    }


def of_credentials(function: Function, credentials: Credentials | None) -> dict[str, str]:
    """Return the variables that hold a built-in runtime's credentials.

    Runtimes up to Python 3.10 get theirs in the context only, so that code which looks in one place alone is
    found out on the other.
    """
    if credentials is None or function.credentials_in_context:
        return {}
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": credentials.security_token,
    }
