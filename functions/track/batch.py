"""A batch: the logs that one request brings."""

from __future__ import annotations

import msgspec


class Batch(msgspec.Struct):
    """Logs that arrived together, with what they share (SLS documentation, "PutWebtracking").

    Each of `logs` is a JSON object with nothing but text in it and no whitespace around its parts;
    `dropped` is how many fields and tags were not kept, since a client may not set them.
    """

    logs: list[bytes]
    topic: str | None = None
    source: str | None = None
    tags: dict[str, str] | None = None
    dropped: int = 0
