"""One HTTP request, whatever host it came through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.credentials import Credentials
from shared.deadline import Deadline


class Request(NamedTuple):
    """One HTTP request."""

    method: str
    path: str  # percent-encoded, as it came
    query: Mapping[str, str]  # decoded; a repeated key's values joined with a comma, as FC does
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    source_ip: str
    id: str
    deadline: Deadline
    credentials: Credentials | None = None  # the function's own, where the host hands them along
    size: int | None = None  # bytes of the body as it came, where the host did not keep them all

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"
