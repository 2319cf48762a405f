"""Checks the names of fields and tags: reserved names are dropped, dangerous ones refused.

Some names have a meaning for SLS, and the proxy adds tags itself. A client may not set these: they are
dropped and counted, and the rest of the request is unchanged. A name is recognized behind any number of
prefixes `__tag__:` (with which SLS makes a field a tag) and with blanks in it. The proxy's tags are
recognized in upper and lower case, but only as tags: a log may have a field `referer`.

A name with a control character, or with a character that changes the direction of text, is refused: no SDK
sends one, and in a console one field could look like another. Values may contain both.
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
# The proxy's tags, and the tags that SLS adds to a Logstore with appendMeta.
OWN_NAMES = frozenset(
    ("client_ip", "user_agent", "referer", "subject", "batch_id", "bot", "__client_ip__", "__receive_time__")
)
_PREFIX = b"__tag__:"
_SLS = frozenset(name.encode() for name in SLS_NAMES)
_OWN = frozenset(name.encode() for name in OWN_NAMES)
_OWN_AS_FIELDS = frozenset(_PREFIX + name for name in _OWN)
# Non-ASCII blanks, visible or not. Python considers none of them printable.
_BLANKS = ("\u00a0", "\u3000", "\u200b", "\ufeff")
# Control characters (Cc), and Unicode's bidirectional formatting characters (UAX #9).
_C0 = bytes(byte for byte in (*range(0x20), 0x7F) if byte != 0x0A)  # a newline separates names here
_UNSEEN = "[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_UNSEEN_START = (b"\xc2", b"\xd8\x9c", b"\xe2\x80", b"\xe2\x81")  # their first bytes in UTF-8
Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]  # in characters; bytes are counted below
CONTROL = "has a name with a control or direction character"
TOO_LONG = f"has a name of more than {MAX_NAME} bytes"


class Unfit(ValueError):
    """A part of a body is refused. The text has the reason; the caller adds the place."""


class Names(msgspec.Struct):
    """Drops and counts the reserved names of one request.

    Both methods raise Unfit, and drop nothing, if a name is too long or has a forbidden character.
    """

    dropped: int = 0

    def drop(self, fields: dict[str, Any], *, tags: bool = False) -> None:
        """Drop reserved names from one log, or with `tags` from the tags."""
        self._remove(_forbidden(tuple(fields), tags), fields)

    def drop_from(self, logs: Sequence[dict[str, Any]]) -> None:
        """Drop reserved names from several logs. Each different name is checked once."""
        forbidden = frozenset(_forbidden(tuple(set[str]().union(*logs)), tags=False))
        if forbidden:
            for fields in logs:
                self._remove(forbidden.intersection(fields), fields)

    def _remove(self, names: Iterable[str], fields: dict[str, Any]) -> None:
        for name in names:
            if fields.pop(name, None) is not None:
                self.dropped += 1


def _forbidden(names: tuple[str, ...], tags: bool) -> tuple[str, ...]:
    # All names as one text: with 200,000 names, a call for each would cost more than decoding the body.
    text = "\n".join(names)
    if text.count("\n") != max(len(names) - 1, 0):
        raise Unfit(CONTROL)
    if len(text) > MAX_NAME // 4 and _longest(names) > MAX_NAME:
        raise Unfit(TOO_LONG)
    text = text.replace(" ", "")
    # Forbidden characters are not printable, and this check takes a fraction of the time.
    if not text.replace("\n", "").isprintable():
        text = _without_blanks(text)
    # Every reserved name contains one of these, except the proxy's tags.
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
    data = text.encode()  # lower() of bytes changes only ASCII, and is fast
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
    """Return the names whose line in `text` is a reserved name."""
    parts = text.split(b"\n")
    if reserved.isdisjoint(parts):
        return ()
    return tuple(name for name, part in zip(names, parts, strict=True) if part in reserved)
