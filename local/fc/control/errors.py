"""The errors of the API: one exception class for every code.

Codes, statuses and messages are those of "Error codes" in Function Compute's documentation.
"""

from __future__ import annotations

import json


class ControlError(Exception):
    """An error answer: HTTP status, the API's error code, and a message for the caller."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message

    def body(self, request_id: str) -> bytes:
        """Return the answer's body, JSON."""
        return json.dumps({"Code": self.code, "Message": self.message, "RequestId": request_id}).encode()


def invalid(message: str) -> ControlError:
    """A property that is missing, malformed or out of bounds."""
    return ControlError(400, "InvalidArgument", message)


def denied(message: str) -> ControlError:
    """The caller lacks a permission."""
    return ControlError(403, "AccessDenied", message)


def no_function(name: str) -> ControlError:
    """There is no function with this name."""
    return ControlError(404, "FunctionNotFound", f"function '{name}' does not exist")


def no_trigger(function: str, name: str) -> ControlError:
    """There is no trigger with this name."""
    return ControlError(404, "TriggerNotFound", f"trigger '{name}' does not exist in function '{function}'")
