"""What goes wrong at a trigger, as Function Compute answers it.

    FcError
     ├─ Refused             before any code ran: X-Fc-Error-Type FCCommonError
     └─ FunctionFailed      the function's fault, always 502: X-Fc-Error-Type UnhandledInvocationError
         ├─ Reported        an exception escaped: message, type and stack are shown to the caller
         └─ BadResponse     what the function returned cannot be an HTTP response

Statuses and types are those of "HTTP trigger FAQ" and "Error codes" in Function Compute's documentation.
"""

from __future__ import annotations

import json


class FcError(Exception):
    """A failure with the answer the caller gets."""

    kind = "FCCommonError"  # as seen in answers; the documentation's pages write FcCommonError

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self, request_id: str) -> bytes:
        """Return the answer's body, JSON."""
        return json.dumps({"Code": self.code, "Message": str(self), "RequestId": request_id}).encode()


class Refused(FcError):
    """The trigger turned the request away."""

    @classmethod
    def invalid(cls, message: str) -> Refused:
        """Return the refusal of a request that is past one of the trigger's limits."""
        return cls(400, "InvalidArgument", message)

    @classmethod
    def method(cls, method: str, allowed: tuple[str, ...]) -> Refused:
        """Return the refusal of a method that the trigger does not list."""
        return cls(403, "AccessDenied", f"method {method} is not among the trigger's: {', '.join(allowed)}")

    @classmethod
    def exhausted(cls, limit: int) -> Refused:
        """Return the refusal when all instances that may run are busy."""
        return cls(429, "ResourceExhausted", f"all {limit} instances of the function are busy")


class FunctionFailed(FcError):
    """The function ended without an answer: it ran out of time, or its process ended."""

    kind = "UnhandledInvocationError"

    def __init__(self, message: str) -> None:
        super().__init__(502, "FunctionFailed", message)

    def body(self, request_id: str) -> bytes:  # noqa: ARG002 - the function's errors do not show it
        """Return the shape the runtimes use for errors of functions."""
        return json.dumps({"errorMessage": str(self)}).encode()


class Reported(FunctionFailed):
    """An exception escaped the handler or the initializer; `report` is what the runtime said of it."""

    def __init__(self, report: bytes) -> None:
        super().__init__(json.loads(report)["errorMessage"])
        self.report = report

    def body(self, request_id: str) -> bytes:  # noqa: ARG002 - as above
        """Show all of it, stack included: that is what Function Compute does."""
        return self.report


class BadResponse(FunctionFailed):
    """The function returned something that is not an HTTP response, or one past the limits."""

    def body(self, request_id: str) -> bytes:
        """Return the code `BadResponse`."""
        return json.dumps({"Code": "BadResponse", "Message": str(self), "RequestId": request_id}).encode()
