"""An SDK's error, with what to do about it where that is known."""

from __future__ import annotations

import re

from alibabacloud_oss_v2.exceptions import OperationError
from aliyun.log import LogException
from Tea.exceptions import TeaException

_ADVICE = {
    "ProjectAlreadyExist": "the name is taken, by another account or in another region: choose another",
    "ProjectNotExist": "SLS does not know the new Project yet: run this again in a minute",
    "Unauthorized": "this identity may not manage SLS here, or the Project is another account's",
    "NoPermission": "this identity lacks rights in RAM: it needs those docs/deploy.md lists under provision",
    "InvalidAccessKeyId.NotFound": "the AccessKey does not exist (any more)",
    "LimitExceeded.Policy.Version": "the policy has all the versions it may have: delete an old one in RAM",
    "BucketAlreadyExists": "the bucket is another account's: its name is unique, choose another",
    "AccessDenied": "this identity may not manage OSS here, or the bucket is another account's",
    "UserDisable": "OSS is not activated in this account: open it once in the console",
    "ServiceNotOpen": "SLS is not activated in this account: open it once in the console",
}


# How requests says which connection could not be made; the SDKs pass it on in their errors.
_UNREACHABLE = re.compile(r"host=\W*'([^'\\]+)\W*', port=\d+\): Max retries exceeded")


def advice(error: TeaException | LogException | OperationError) -> str:
    """One line for the operator: the code, the service's own words, and the way out if there is one."""
    code, message = _words(error)
    if unreachable := _UNREACHABLE.search(message):
        reason = "its name is not known" if "resolve" in message else "it does not answer"
        return f"{unreachable[1]} cannot be reached, {reason}: look at the network, --region and endpoints"
    way_out = _ADVICE.get(code)
    return f"{code}: {message}" + (f"\n{way_out}" if way_out else "")


def _words(error: TeaException | LogException | OperationError) -> tuple[str, str]:
    if isinstance(error, LogException):
        return error.get_error_code(), error.get_error_message()
    if isinstance(error, OperationError):
        cause = error.unwrap()
        return getattr(cause, "code", None) or type(cause).__name__, getattr(cause, "message", None) or str(
            cause
        )
    return error.code or type(error).__name__, error.message
