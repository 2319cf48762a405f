"""Compressed bodies: `x-log-compresstype` and `x-log-bodyrawsize`, with a limit during decompression."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping

import lz4.block
import zstandard

from local.sls.errors import SlsError

SIGNED_TYPES = frozenset({"lz4", "deflate", "zstd", "gzip"})  # PutLogs
WEBTRACKING_TYPES = frozenset({"lz4", "deflate"})  # PutWebtracking documentation
_LZ4_RATIO = 255  # n compressed bytes expand to at most 255 n


class _TooLargeError(Exception):
    pass


def decompress(body: bytes, headers: Mapping[str, str], *, types: Collection[str], cap: int) -> bytes:
    """Return the decompressed body, at most `cap` bytes.

    `x-log-bodyrawsize` must not exceed the cap, but may differ from the size: the browser SDKs count
    UTF-16 units there. Raises SlsError: InvalidCompressType, InvalidBodyRawSize, PostBodyTooLarge,
    PostBodyUncompressError.
    """
    _check_raw_size(headers.get("x-log-bodyrawsize"), cap)
    kind = headers.get("x-log-compresstype", "")
    if kind and kind not in types:
        raise SlsError("InvalidCompressType", f"x-log-compresstype {kind} is unsupported.")
    try:
        plain = _BY_TYPE[kind](body, cap)
    except _TooLargeError:
        raise too_large(cap) from None
    except (zlib.error, zstandard.ZstdError, lz4.block.LZ4BlockError, EOFError):
        raise SlsError("PostBodyUncompressError", "Failed to decompress logs.") from None
    if len(plain) > cap:
        raise too_large(cap)
    return plain


def too_large(cap: int) -> SlsError:
    """Return the error for a body of more than `cap` bytes."""
    return SlsError("PostBodyTooLarge", f"Logs must be less than or equal to {cap} bytes.")


def _check_raw_size(text: str | None, cap: int) -> None:
    if text is None:
        return
    if not (text.isascii() and text.isdigit()):
        raise SlsError("InvalidBodyRawSize", "x-log-bodyrawsize is invalid.")
    if int(text[:20]) > cap:  # 20 digits exceed any cap and are fast to parse
        raise too_large(cap)


def _plain(body: bytes, cap: int) -> bytes:
    del cap
    return body


def _lz4(body: bytes, cap: int) -> bytes:
    """Decompress a raw block without a frame or a size prefix, as all SDKs of the service send it."""
    size = min(cap, _LZ4_RATIO * len(body))
    plain: bytes = lz4.block.decompress(body, uncompressed_size=size)
    return plain


def _inflate(window: int) -> Callable[[bytes, int], bytes]:
    def inflate(body: bytes, cap: int) -> bytes:
        stream = zlib.decompressobj(window)
        plain = stream.decompress(body, cap + 1)
        if len(plain) > cap:
            raise _TooLargeError
        if not stream.eof or stream.unused_data:
            raise EOFError
        return plain

    return inflate


def _zstd(body: bytes, cap: int) -> bytes:
    if zstandard.frame_content_size(body) > cap:
        raise _TooLargeError
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=cap)


_BY_TYPE: Mapping[str, Callable[[bytes, int], bytes]] = {
    "": _plain,
    "lz4": _lz4,
    "deflate": _inflate(zlib.MAX_WBITS),
    "gzip": _inflate(zlib.MAX_WBITS | 16),
    "zstd": _zstd,
}
