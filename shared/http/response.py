"""One HTTP answer, whatever host sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.http.errors import ApiError


class Response(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    notes: Mapping[str, str | int | float] = {}  # for the log line, as `problem` is: not for the client
    problem: ApiError | None = None  # what went wrong on the way, and was made good
