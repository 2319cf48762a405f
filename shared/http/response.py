"""One HTTP response, independent of the host."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.http.errors import ApiError

Notes = Mapping[str, str | int | float]
"""Additional fields for the log line of a request."""


class Response(msgspec.Struct, frozen=True):
    """One HTTP response.

    `notes` and `problem` are for the log line, not for the client. With a status of 400 or more, `problem` is
    the error; with 200 it is an error that was recovered.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    notes: Notes = {}
    problem: ApiError | None = None
