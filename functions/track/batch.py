"""A batch: the logs that one request brings."""

from __future__ import annotations

import msgspec


class Batch(msgspec.Struct):
    """Logs that arrived together, with what they share (SLS documentation, "PutWebtracking").

    Each of `logs` is a JSON object with only text values and without whitespace between its parts;
    `dropped` is the number of reserved fields and tags that were removed.
    """

    logs: list[bytes]
    topic: str | None = None
    source: str | None = None
    tags: dict[str, str] | None = None
    dropped: int = 0
