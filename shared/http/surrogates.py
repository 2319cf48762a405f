"""Lone surrogates in JSON: real pages send them, so they are replaced instead of refusing the batch."""

from __future__ import annotations

# Control characters, which cannot occur in JSON, replace text that the scanner must not see: an escaped
# backslash, the start of a surrogate's escape (either case), then other backslashes, quotes, question marks.
_BACKSLASH, _LOWER, _UPPER = b"\x01", b"\x02", b"\x03"
_HIDDEN, _MARKS = b'\\"?', b"\x04\x05\x06"
_ALL_MARKS = _BACKSLASH + _LOWER + _UPPER + _MARKS
_HIDE, _SHOW = bytes.maketrans(_HIDDEN, _MARKS), bytes.maketrans(_MARKS, _HIDDEN)
_REPLACEMENT = "\ufffd".encode()


def repair(text: bytes) -> bytes:
    r"""Return JSON text with U+FFFD for each escaped lone surrogate.

    Complete pairs become their characters; everything else, including invalid JSON, stays unchanged.

    The whole text is decoded as one JSON string by the standard library's C scanner, which tells pairs
    from lone surrogates. A regular expression takes twice the time.
    """
    if not (rb"\ud" in text or rb"\uD" in text) or len(text.translate(None, _ALL_MARKS)) < len(text):
        return text
    # Imported here because most processes never receive a lone surrogate.
    from json.decoder import scanstring  # type: ignore[attr-defined]

    hidden = text.replace(rb"\\", _BACKSLASH)  # from here on, every backslash starts an escape
    hidden = hidden.replace(rb"\ud", _LOWER).replace(rb"\uD", _UPPER).translate(_HIDE)
    hidden = hidden.replace(_LOWER, rb"\ud").replace(_UPPER, rb"\uD")
    try:
        whole, _ = scanstring(hidden.decode() + '"', 0, False)
    except ValueError:
        return text
    # A lone surrogate is encoded as a question mark; real question marks are hidden.
    repaired: bytes = whole.encode("utf-8", "replace").replace(b"?", _REPLACEMENT)
    return repaired.translate(_SHOW).replace(_BACKSLASH, rb"\\")
