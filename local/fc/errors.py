"""The failures at a trigger, and Function Compute's answers to them.

    FcError
     ├─ Refused             before any code ran; X-Fc-Error-Type FCCommonError
     └─ FunctionFailed      the function failed, always 502; X-Fc-Error-Type UnhandledInvocationError
         ├─ Reported        the handler raised; message, type and stack are shown to the caller
         └─ BadResponse     the function's result is not an HTTP response

Statuses and types are those of "HTTP trigger FAQ" and "Error codes" in Function Compute's documentation.
"""

from __future__ import annotations

import json


class FcError(Exception):
    """A failure, with the answer to the caller."""

    kind = "FCCommonError"  # as answers have it; the documentation writes FcCommonError

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self, request_id: str) -> bytes:
        """Return the answer's body, JSON."""
        return json.dumps({"Code": self.code, "Message": str(self), "RequestId": request_id}).encode()


class Refused(FcError):
    """The trigger refused the request."""

    @classmethod
    def invalid(cls, message: str) -> Refused:
        """Return the refusal of a request that exceeds a limit of the trigger."""
        return cls(400, "InvalidArgument", message)

    @classmethod
    def method(cls, method: str, allowed: tuple[str, ...]) -> Refused:
        """Return the refusal of a method that the trigger does not list."""
        return cls(403, "AccessDenied", f"method {method} is not among the trigger's: {', '.join(allowed)}")

    @classmethod
    def exhausted(cls, limit: int) -> Refused:
        """Return the refusal when all instances are busy and no more may start."""
        return cls(429, "ResourceExhausted", f"all {limit} instances of the function are busy")


class FunctionFailed(FcError):
    """The function gave no answer: it timed out, or its process ended."""

    kind = "UnhandledInvocationError"

    def __init__(self, message: str) -> None:
        super().__init__(502, "FunctionFailed", message)

    def body(self, request_id: str) -> bytes:  # noqa: ARG002 - the function's errors do not show it
        """Return the error format of the runtimes."""
        return json.dumps({"errorMessage": str(self)}).encode()


class Reported(FunctionFailed):
    """The handler or the initializer raised an exception; `report` is the runtime's description of it."""

    def __init__(self, report: bytes) -> None:
        super().__init__(json.loads(report)["errorMessage"])
        self.report = report

    def body(self, request_id: str) -> bytes:  # noqa: ARG002 - as above
        """Return the whole report with the stack, as Function Compute does."""
        return self.report


class BadResponse(FunctionFailed):
    """The function's result is not an HTTP response, or exceeds the limits."""

    def body(self, request_id: str) -> bytes:
        """Return the code `BadResponse`."""
        return json.dumps({"Code": "BadResponse", "Message": str(self), "RequestId": request_id}).encode()
