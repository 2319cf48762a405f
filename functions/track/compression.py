"""Decompresses a POST's body and checks its size before and after.

`x-log-compresstype: lz4` (a raw block) or `deflate` as in SLS (SLS documentation, "Common request
headers"), `Content-Encoding: gzip` or `deflate` as in HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from functions.track.limits import MAX_BODY
from shared.http.errors import INVALID_COMPRESS_TYPE, POST_BODY_TOO_LARGE, UNCOMPRESS_ERROR, ApiError

_GZIP_WINDOW = 31  # zlib: a gzip header, a window of any size
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15  # deflate without zlib's header, which some clients send as "deflate"

_ROOM = 3 * MAX_BODY  # bytes of output within which a valid block is recognized as only too large
_SEQUENCES = 16_384  # of a block that are checked, so that it costs no more than an ordinary body
_FULL = re.compile(rb"\xff*")


class _Corrupt(Exception):
    """The body does not have the encoding of its header."""


def decompress(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the body decompressed.

    Raises ApiError: PostBodyTooLarge above MAX_BODY bytes after decompression, InvalidCompressType for
    another encoding or two of them, PostBodyUncompressError for a body that cannot be decompressed.
    """
    sls, http = headers.get("x-log-compresstype"), headers.get("content-encoding")
    unpack = None if sls and http else _SLS.get(sls.lower()) if sls else _HTTP.get((http or "").lower())
    if unpack is None:
        raise ApiError(
            INVALID_COMPRESS_TYPE, f"one of {', '.join(_SLS)} or Content-Encoding {', '.join(_HTTP)}"
        )
    try:
        return unpack(body)
    except _Corrupt:
        raise ApiError(UNCOMPRESS_ERROR, "the body does not decompress as its header says") from None


def _too_large() -> ApiError:
    return ApiError(POST_BODY_TOO_LARGE, f"the body has more than {MAX_BODY} bytes once decompressed")


def _inflate(body: bytes, window: int) -> bytes:
    # Imported here because browsers do not compress uploads.
    import zlib

    decompressor = zlib.decompressobj(window)
    try:
        plain = decompressor.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise _Corrupt from None
    if len(plain) > MAX_BODY:
        raise _too_large()
    if not decompressor.eof or decompressor.unused_data:
        raise _Corrupt
    return plain


def _gunzip(body: bytes) -> bytes:
    return _inflate(body, _GZIP_WINDOW)


def _deflate(body: bytes) -> bytes:
    has_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, _ZLIB_WINDOW if has_header else _RAW_WINDOW)


def _unlz4(body: bytes) -> bytes:
    # Imported here because hardly any client sends LZ4.
    from lz4.block import LZ4BlockError
    from lz4.block import decompress as decompress_block

    try:
        return bytes(decompress_block(body, uncompressed_size=MAX_BODY))
    except LZ4BlockError:
        pass
    # The library reports corrupt blocks and blocks larger than the buffer in the same way.
    try:
        decompress_block(body, uncompressed_size=_ROOM)
    except LZ4BlockError:
        if _lz4_size(body, MAX_BODY) <= MAX_BODY:
            raise _Corrupt from None
    raise _too_large()


def _lz4_size(block: bytes, limit: int) -> int:
    """Return the decompressed size of a block by its lengths; stops at its end, or above `limit`.

    It also stops after _SEQUENCES, so a block that exceeds _ROOM in many small steps may count as corrupt.
    Source: lz4_Block_format.md: a token with both lengths, longer ones continued in bytes of 255, the
    literals, a two-byte offset, and a match of at least 4.
    """
    size = at = 0
    try:
        for _ in range(_SEQUENCES):
            token = block[at]
            literals, at = _lz4_length(block, at + 1, token >> 4)
            size += literals
            match, at = _lz4_length(block, at + literals + 2, token & 15)
            size += match + 4
            if size > limit:
                break
    except IndexError:
        return size  # the last sequence ends after its literals, so a valid block ends here too
    return size


def _lz4_length(block: bytes, at: int, length: int) -> tuple[int, int]:
    if length < 15:
        return length, at
    full = _FULL.match(block, at)
    end = full.end() if full else at
    return length + 255 * (end - at) + block[end], end + 1


_SLS: dict[str, Callable[[bytes], bytes]] = {"lz4": _unlz4, "deflate": _deflate}
_HTTP: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzip, "deflate": _deflate}
