"""The environment of an instance: the function's own variables, never those of the host's process."""

from __future__ import annotations

import os

from local.fc.function import Credentials, Function

# Variables that a Python interpreter may need to start.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


def build(function: Function, instance_id: str) -> dict[str, str]:
    """Return the variables of one instance that all kinds of runtime have."""
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # Its own HOME: a function must not read the developer's ~/.aliyun.
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

    Runtimes up to Python 3.10 get them in the context only: code that reads only one of the two places
    fails on the other runtime.
    """
    if credentials is None or function.credentials_in_context:
        return {}
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": credentials.security_token,
    }
