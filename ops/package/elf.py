"""Strips the debugging information off an extension module (lz4's wheels ship megabytes of it).

Safe because the dynamic loader reads an ELF file by its program headers only: whatever lies beyond the
last segment, and the section table, serve linkers and debuggers (System V ABI, "Program Loading").
Done here and not with `strip`, so that the bytes are the same wherever the package is made.
"""

from __future__ import annotations

import struct

_IDENTITY = b"\x7fELF\x02\x01"  # 64-bit, little-endian
_PROGRAM_HEADERS_AT = 32
_SECTION_HEADERS_AT = 40
_PROGRAM_HEADER_SIZES_AT = 54
_SECTION_COUNTS_AT = 60
_HEADER_SIZE = 64


def stripped(image: bytes) -> bytes:
    """The same module without what is loaded by nobody. Raises ValueError for another kind of file."""
    if not image.startswith(_IDENTITY):
        raise ValueError("not a 64-bit little-endian ELF file")
    kept = bytearray(image[: _end_of_segments(image)])
    struct.pack_into("<Q", kept, _SECTION_HEADERS_AT, 0)
    struct.pack_into("<HH", kept, _SECTION_COUNTS_AT, 0, 0)  # how many there are, which one has the names
    return bytes(kept)


def _end_of_segments(image: bytes) -> int:
    table: int
    (table,) = struct.unpack_from("<Q", image, _PROGRAM_HEADERS_AT)
    size, count = struct.unpack_from("<HH", image, _PROGRAM_HEADER_SIZES_AT)
    ends: list[int] = [_HEADER_SIZE, table + size * count]
    for header in range(table, table + size * count, size):
        (offset,) = struct.unpack_from("<Q", image, header + 8)
        (length,) = struct.unpack_from("<Q", image, header + 32)
        ends.append(offset + length)
    return max(ends)
