"""Strips debugging information from an extension module (lz4's wheels contain megabytes of it).

This is safe because the dynamic loader uses only the program headers. The section table and everything
after the last segment are for linkers and debuggers (System V ABI, "Program Loading"). `strip` is not
used, so that the bytes are the same on every machine.
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
    """Return the module without parts that are never loaded. Raises ValueError for other kinds of files."""
    if not image.startswith(_IDENTITY):
        raise ValueError("not a 64-bit little-endian ELF file")
    kept = bytearray(image[: _end_of_segments(image)])
    struct.pack_into("<Q", kept, _SECTION_HEADERS_AT, 0)
    struct.pack_into("<HH", kept, _SECTION_COUNTS_AT, 0, 0)  # section count, index of the names' section
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
