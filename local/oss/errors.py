"""The errors of Object Storage Service: status, code and message as its error reference lists them."""

from __future__ import annotations

import secrets
import time
from contextvars import ContextVar

from local.oss.markup import Element, document

_STATUS = {
    "AccessDenied": 403,
    "BucketNotEmpty": 409,
    "EntityTooLarge": 400,
    "FileAlreadyExists": 409,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidObjectName": 400,
    "InvalidSecurityToken": 403,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycle": 404,
    "NotImplemented": 501,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "SecondLevelDomainForbidden": 403,
    "SecurityTokenExpired": 403,
    "SignatureDoesNotMatch": 403,
}
_HOST_ID = "oss.aliyuncs.com"

request_id: ContextVar[str] = ContextVar("request_id")
"""The id of the current request; the headers and the error body of its answer must have the same one."""


def new_request_id() -> str:
    """Return an id in the service's form: 24 upper-case hexadecimal digits, the time first."""
    return f"{int(time.time()):08X}{secrets.token_hex(8).upper()}"


class OssError(Exception):
    """An error answer: `code` is one of the service's and determines the HTTP `status`.

    `ec` is the detailed code of the error reference, `details` are further elements of the body.
    """

    def __init__(self, code: str, message: str, *, ec: str = "", **details: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.ec, self.details = code, message, ec, details
        self.status = _STATUS[code]

    def body(self) -> bytes:
        """Render the XML body of the answer."""
        more = {**self.details, **({"EC": self.ec} if self.ec else {})}
        return render_error(self.code, self.message, **more)


def render_error(code: str, message: str, **more: str) -> bytes:
    """Return the XML body of an error; also used for injected faults."""
    identifier = request_id.get("") or new_request_id()
    fields = {"Code": code, "Message": message, "RequestId": identifier, "HostId": _HOST_ID, **more}
    return document(Element("Error", list(fields.items())))
