"""One HTTP response, whatever host sends it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.http.errors import ApiError

Notes = Mapping[str, str | int | float]
"""What the log line of a request says beside the usual."""


class Response(msgspec.Struct, frozen=True):
    """One HTTP response.

    `notes` and `problem` are for the log line, not for the client. With a status of 400 or more, `problem` is
    why; with 200 it is what went wrong on the way and was made good.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    notes: Notes = {}
    problem: ApiError | None = None
