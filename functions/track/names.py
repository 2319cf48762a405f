"""Names of fields and tags: which a client may not set, and which are refused.

SLS reads some names as its own, and the proxy adds tags of its own. Those are dropped from what a client
sends, and counted; nothing else of the request changes. The prefix `__tag__:`, with which SLS takes a field
for a tag, does not hide a name, however often it is there, nor does a blank. The proxy's names are known in
any case; a field without the prefix is no tag, so a log may well have one called `referer`.

A name with a control character or one that turns the direction of text is refused rather than escaped: no
SDK sends one, and in a console it would make one field look like another. In values both are data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec

from functions.track.limits import MAX_NAME

# SLS documentation, "Reserved fields"; Logtail's `__pack_id__`, `__hostname__` and `__path__` among them.
SLS_NAMES = frozenset(
    (
        "__source__",
        "__topic__",
        "__time__",
        "__time_ns__",
        "__partition_time__",
        "_extract_others_",
        "__extract_others__",
        "__pack_id__",
        "__hostname__",
        "__path__",
        "__client_ip__",
        "__receive_time__",
    )
)
# Tags of the proxy's own, and those that SLS adds where a Logstore has appendMeta.
OWN_NAMES = frozenset(
    ("client_ip", "user_agent", "referer", "subject", "batch_id", "bot", "__client_ip__", "__receive_time__")
)
_PREFIX = b"__tag__:"
_SLS = frozenset(name.encode() for name in SLS_NAMES)
_OWN = frozenset(name.encode() for name in OWN_NAMES)
_OWN_AS_FIELDS = frozenset(_PREFIX + name for name in _OWN)
# Blanks that are not ASCII's and look like them or like nothing; Python counts none of them as printable.
_BLANKS = ("\u00a0", "\u3000", "\u200b", "\ufeff")
# Control characters (Cc), and Unicode's marks, embeddings, overrides and isolates of direction (UAX #9).
_C0 = bytes(byte for byte in (*range(0x20), 0x7F) if byte != 0x0A)  # a newline parts names here
_UNSEEN = "[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_UNSEEN_START = (b"\xc2", b"\xd8\x9c", b"\xe2\x80", b"\xe2\x81")  # how each of them begins in UTF-8
Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]  # in characters; bytes are counted below
CONTROL = "has a name with a control or direction character"
TOO_LONG = f"has a name of more than {MAX_NAME} bytes"


class Unfit(ValueError):
    """A part of a body is refused; the text says why, and its reader knows where it is."""


class Names(msgspec.Struct):
    """Drops and counts those of the fields and tags of one request that a client may not set.

    Both ways raise Unfit for a name that is longer than MAX_NAME or has a character that is refused, with
    nothing dropped.
    """

    dropped: int = 0

    def drop(self, fields: dict[str, Any], *, tags: bool = False) -> None:
        """Drop them from one log, or with `tags` from the tags."""
        self._remove(_forbidden(tuple(fields), tags), fields)

    def drop_from(self, logs: Sequence[dict[str, Any]]) -> None:
        """Drop them from several logs, whose names, mostly the same ones, are looked at only once."""
        forbidden = frozenset(_forbidden(tuple(set[str]().union(*logs)), tags=False))
        if forbidden:
            for fields in logs:
                self._remove(forbidden.intersection(fields), fields)

    def _remove(self, names: Iterable[str], fields: dict[str, Any]) -> None:
        for name in names:
            if fields.pop(name, None) is not None:
                self.dropped += 1


def _forbidden(names: tuple[str, ...], tags: bool) -> tuple[str, ...]:
    # All names as one text: a call for each would cost more than reading a body of 200,000 of them.
    text = "\n".join(names)
    if text.count("\n") != max(len(names) - 1, 0):
        raise Unfit(CONTROL)
    if len(text) > MAX_NAME // 4 and _longest(names) > MAX_NAME:
        raise Unfit(TOO_LONG)
    text = text.replace(" ", "")
    # What is not printable is a superset of what is refused, and found in a fraction of the time.
    if not text.replace("\n", "").isprintable():
        text = _without_blanks(text)
    # Every reserved name has one of these, apart from tags of the proxy's own.
    if tags or "__" in text or "_extract_others_" in text:
        return _reserved(names, text, tags)
    return ()


def _without_blanks(text: str) -> str:
    data = text.encode()
    if len(data.translate(None, _C0)) < len(data):
        raise Unfit(CONTROL)
    if any(start in data for start in _UNSEEN_START) and re.search(_UNSEEN, text):
        raise Unfit(CONTROL)
    for blank in _BLANKS:
        text = text.replace(blank, "")
    return text


def _longest(names: tuple[str, ...]) -> int:
    longest = max(map(len, names))
    return longest if longest <= MAX_NAME // 4 else max(map(len, map(str.encode, names)))


def _reserved(names: tuple[str, ...], text: str, tags: bool) -> tuple[str, ...]:
    data = text.encode()  # whose lower() leaves all but ASCII alone, and so is quick
    found: tuple[str, ...] = ()
    if b"__" in data or b"_extract_others_" in data:
        found = _among(names, data.replace(_PREFIX, b""), _SLS)
    lower = data.lower()
    if tags:
        return found + _among(names, lower.replace(_PREFIX, b""), _OWN)
    if _PREFIX in lower:
        while 2 * _PREFIX in lower:
            lower = lower.replace(2 * _PREFIX, _PREFIX)
        found += _among(names, lower, _OWN_AS_FIELDS)
    return found


def _among(names: tuple[str, ...], text: bytes, reserved: frozenset[bytes]) -> tuple[str, ...]:
    """Return the names of which the part of `text` in the same line is a reserved one."""
    parts = text.split(b"\n")
    if reserved.isdisjoint(parts):
        return ()
    return tuple(name for name, part in zip(names, parts, strict=True) if part in reserved)
