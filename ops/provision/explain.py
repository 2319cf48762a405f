"""Explains an SDK's error, with the remedy if it is known."""

from __future__ import annotations

import re

from alibabacloud_oss_v2.exceptions import OperationError
from aliyun.log import LogException
from Tea.exceptions import TeaException

_ADVICE = {
    "ProjectAlreadyExist": "the name is used by another account or in another region: choose another",
    "ProjectNotExist": "the new Project is not available in SLS yet: run this again in a minute",
    "Unauthorized": "this identity lacks permission to manage SLS, or the Project belongs to another account",
    "NoPermission": "this identity lacks permissions in RAM: docs/deploy.md lists them under provision",
    "InvalidAccessKeyId.NotFound": "the AccessKey does not exist or was deleted",
    "LimitExceeded.Policy.Version": "the policy has the maximum number of versions: delete an old one in RAM",
    "BucketAlreadyExists": "another account has a bucket of this name: choose another name",
    "AccessDenied": "this identity lacks permission to manage OSS, or the bucket belongs to another account",
    "UserDisable": "OSS is not activated in this account: activate it in the console",
    "ServiceNotOpen": "SLS is not activated in this account: activate it in the console",
}


# The text of the requests library for a failed connection; the SDKs include it in their errors.
_UNREACHABLE = re.compile(r"host=\W*'([^'\\]+)\W*', port=\d+\): Max retries exceeded")


def advice(error: TeaException | LogException | OperationError) -> str:
    """Return the code and the service's message for the operator, and the remedy if one is known."""
    code, message = _code_and_message(error)
    if unreachable := _UNREACHABLE.search(message):
        reason = "its name cannot be resolved" if "resolve" in message else "it does not answer"
        return f"{unreachable[1]} cannot be reached, {reason}: check the network, --region and endpoints"
    remedy = _ADVICE.get(code)
    return f"{code}: {message}" + (f"\n{remedy}" if remedy else "")


def _code_and_message(error: TeaException | LogException | OperationError) -> tuple[str, str]:
    if isinstance(error, LogException):
        return error.get_error_code(), error.get_error_message()
    if isinstance(error, OperationError):
        cause = error.unwrap()
        return getattr(cause, "code", None) or type(cause).__name__, getattr(cause, "message", None) or str(
            cause
        )
    return error.code or type(error).__name__, error.message
