"""The errors of STS: one exception class for every code, and its answer in JSON or XML.

Codes, statuses and messages are those of the STS documentation ("AssumeRole", "Common errors") and of the
API gateway in front of every RPC-style Alibaba Cloud service.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Literal
from xml.sax.saxutils import escape

HOST_ID = "sts.aliyuncs.com"

Format = Literal["JSON", "XML"]


class StsError(Exception):
    """An error answer: HTTP status, STS's error code, and a message for the caller."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


def missing(name: str) -> StsError:
    """A required parameter (or its header) is missing."""
    return StsError(400, f"Missing{name}", f"{name} is mandatory for this action.")


def malformed(name: str) -> StsError:
    """A parameter of AssumeRole has an invalid form."""
    return StsError(400, f"InvalidParameter.{name}", f"The parameter {name} is wrongly formed.")


def no_permission() -> StsError:
    """The caller may not assume the role: its own policies or the role's trust policy forbid it."""
    message = "You are not authorized to do this action. You should be authorized by RAM."
    return StsError(403, "NoPermission", message)


def request_id() -> str:
    """Return a new request id in the format of STS."""
    return str(uuid.uuid4()).upper()


def error_fields(code: str, message: str, request: str) -> dict[str, str]:
    """Return the fields of an error answer."""
    recommend = f"https://api.alibabacloud.com/troubleshoot?q={code}&product=Sts&requestId={request}"
    return {"RequestId": request, "HostId": HOST_ID, "Code": code, "Message": message, "Recommend": recommend}


def render_error(code: str, message: str) -> bytes:
    """Return the JSON body of an error, for injected faults."""
    return render(error_fields(code, message, request_id()), root="Error", form="JSON")


def render(fields: Mapping[str, Any], *, root: str, form: Format) -> bytes:
    """Serialize an answer; `root` is the name of the XML root element, which JSON does not need."""
    if form == "JSON":
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    return f"<?xml version='1.0' encoding='UTF-8'?>{_element(root, fields)}".encode()


def _element(name: str, value: object) -> str:
    inner = (
        "".join(_element(*item) for item in value.items())
        if isinstance(value, Mapping)
        else escape(str(value))
    )
    return f"<{name}>{inner}</{name}>"
