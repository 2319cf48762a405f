"""Recognizes the User-Agents of programs, with isbot's patterns (data files in this folder)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

LONGEST = 512  # characters of a User-Agent that are checked; browsers have under 300
REMEMBERED = 2048  # cached results, about 1 MB: a check without the cache takes 0.5 ms

_PATTERNS = Path(__file__).with_name("isbot") / "patterns.json"
# Patterns that Python's `re` does not accept: a look-behind of variable width, and a range after \d.
_REWRITTEN = {
    "(?<! channel/|google/)google(?!(?:wv|app|/google| pixel))": (
        "(?<! channel/)(?<!google/)google(?!(?:wv|app|/google| pixel))"
    ),
    r"^mozilla/\d\.\d\s\((?:compatible;)?(?:\s?[\w\d-.]+[\s/]\d+\.\d+)?\)$": (
        r"^mozilla/\d\.\d\s\((?:compatible;)?(?:\s?[\w\d\-.]+[\s/]\d+\.\d+)?\)$"
    ),
}


class Bots:
    """Tells programs from browsers by their User-Agent."""

    def __init__(self) -> None:
        """Compile the patterns, which takes about 6 ms."""
        patterns = msgspec.json.decode(_PATTERNS.read_bytes(), type=list[str])
        joined = "|".join(_REWRITTEN.get(pattern, pattern) for pattern in patterns)
        self._search = re.compile(joined, re.IGNORECASE | re.ASCII).search
        self._known: dict[str, bool] = {}

    def __contains__(self, user_agent: str) -> bool:
        shown = user_agent[:LONGEST]
        known = self._known.get(shown)
        if known is None:
            known = self._search(shown) is not None
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[shown] = known
        return known
