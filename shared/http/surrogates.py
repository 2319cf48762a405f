"""Half surrogate pairs in JSON: pages really send them, so they are replaced instead of losing the batch."""

from __future__ import annotations

import re

# Every escape is matched, so that the backslash of `\\\\ud800` is not taken for the start of one.
_ESCAPE = (
    rb"(?s:\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.))"
)


def repair(text: bytes) -> bytes:
    """Return JSON text with each escaped half of a surrogate pair replaced by the escape of U+FFFD."""
    return re.sub(_ESCAPE, lambda match: rb"\ufffd" if match[1] else match[0], text)
