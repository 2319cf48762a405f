"""One HTTP request, whatever host it came through."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.credentials import Credentials
from shared.deadline import Deadline


class Request(msgspec.Struct):
    """One HTTP request. A route takes the body off it, so that nobody holds the body while SLS is awaited."""

    method: str
    path: str  # percent-encoded, as it came
    query: Mapping[str, str]  # decoded; a repeated key's values joined with a comma, as FC does
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    size: int  # bytes of the body as it came; more than `body` has where the host did not keep it
    source_ip: str
    id: str
    deadline: Deadline
    credentials: Credentials | None = None  # the function's own, where the host hands them along

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"
