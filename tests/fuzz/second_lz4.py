"""A second LZ4 decoder, byte by byte as lz4_Block_format.md describes the format.

In one point it follows the library (1.9.4): an offset of 0, which the format forbids, gives NULs. JSON has no
NUL, so such a body is refused anyway, and an earlier check would have to scan each block.
"""

from __future__ import annotations

_LAST_LITERALS = 5  # bytes at the end of a block that must be literals (the format's end conditions)
_LAST_MATCH = 12  # bytes before the end: the latest start of the last match


class Malformed(ValueError):
    """The block is invalid."""


def decoded(block: bytes, limit: int) -> tuple[bytes, bool]:
    """Return a block's content, and whether it follows the rules for encoders.

    Stops after more than `limit` bytes. Raises Malformed.
    """
    plain = bytearray()
    at, match_start, literals, sound = 0, 0, 0, True
    while True:
        if at >= len(block):
            raise Malformed("no token")
        token = block[at]
        literals, at = _length(block, at + 1, token >> 4)
        if at + literals > len(block):
            raise Malformed("literals past the end")
        plain += block[at : at + literals]
        at += literals
        if at == len(block) or len(plain) > limit:
            break
        offset = int.from_bytes(block[at : at + 2], "little")
        if at + 2 > len(block) or offset > len(plain):
            raise Malformed("an offset to nowhere")
        length, at = _length(block, at + 2, token & 15)
        match_start = len(plain)
        sound = sound and offset > 0
        _copy(plain, offset, length + 4)
    matched = match_start > 0
    keeps = not matched or (literals >= _LAST_LITERALS and len(plain) - match_start >= _LAST_MATCH)
    return bytes(plain), keeps and sound


def _length(block: bytes, at: int, nibble: int) -> tuple[int, int]:
    length = nibble
    more = nibble == 15
    while more:
        if at >= len(block):
            raise Malformed("a length without an end")
        length += block[at]
        more = block[at] == 255
        at += 1
    return length, at


def _copy(plain: bytearray, offset: int, length: int) -> None:
    seen = bytes(plain[len(plain) - offset :]) if offset else bytes(1)
    plain += (seen * (length // len(seen) + 1))[:length]
