"""Targets: a POST's body, plain and in each compression."""

# ruff: noqa: PT017 - a refusal is a result here and checked like any other

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Callable, Mapping

import lz4.block

from functions.track.body import read_batch
from functions.track.compression import decompress
from functions.track.limits import MAX_BODY
from shared.http.errors import ApiError
from tests.fuzz import second_json, second_lz4

LZ4 = {"x-log-compresstype": "lz4"}
DEFLATE = {"x-log-compresstype": "deflate"}
GZIP = {"content-encoding": "gzip"}
HTTP_DEFLATE = {"content-encoding": "deflate"}


def plain(body: bytes) -> None:
    """A body is forwarded or refused as by the second implementation."""
    try:
        batch = read_batch(body)
    except ApiError as error:
        assert error.kind.code == "PostBodyInvalid"
        assert _unsound(body), f"refused without need: {error.message}"
        return
    wanted = second_json.expected(body)
    assert [_parsed(json.loads(log)) for log in batch.logs] == [_parsed(log) for log in wanted.logs]
    beside = ({"topic": batch.topic, "source": batch.source}, batch.tags)
    assert [*map(_parsed, beside)] == [
        *map(_parsed, ({"topic": wanted.topic, "source": wanted.source}, wanted.tags))
    ]


def _parsed(fields: Mapping[str, str | None] | None) -> dict[str, object]:
    """Return fields with parsed JSON, because its text may or may not be rewritten."""
    return {name: _value(text) for name, text in (fields or {}).items()}


def _value(text: str | None) -> object:
    if text is not None and text[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def in_lz4(body: bytes) -> None:
    """A block decompresses as by the second decoder, and compressed data is restored."""
    came_out = _outcome(LZ4, body)
    try:
        wanted, keeps = second_lz4.decoded(body, MAX_BODY)
    except second_lz4.Malformed:
        assert came_out in ("PostBodyUncompressError", "PostBodyTooLarge")
    else:
        if len(wanted) > MAX_BODY:
            assert came_out == "PostBodyTooLarge"
        else:
            # The library may or may not enforce the rules for encoders.
            assert came_out == wanted or (not keeps and came_out == "PostBodyUncompressError")
    _read_further(came_out)
    _comes_back(LZ4, lambda text: bytes(lz4.block.compress(text, store_size=False)), body)


def in_deflate(body: bytes) -> None:
    """A deflated body, with zlib's header or without, decompresses as by the standard library."""
    came_out = _outcome(DEFLATE, body)
    assert came_out == _outcome(HTTP_DEFLATE, body)
    wanted = [_inflated(body, zlib.MAX_WBITS), _inflated(body, -zlib.MAX_WBITS)]
    if isinstance(came_out, bytes):
        assert came_out in wanted
    elif wanted[0] is not None:
        assert came_out == "PostBodyTooLarge"
        assert len(wanted[0]) > MAX_BODY
    _read_further(came_out)
    _comes_back(DEFLATE, zlib.compress, body)
    _comes_back(DEFLATE, _raw, body)


def in_gzip(body: bytes) -> None:
    """A gzip body decompresses as by the gzip module, never to more than the limit."""
    came_out = _outcome(GZIP, body)
    wanted = _inflated(body, 16 + zlib.MAX_WBITS)
    if wanted is None:
        assert came_out in ("PostBodyUncompressError", "PostBodyTooLarge")
    else:
        assert came_out == (wanted if len(wanted) <= MAX_BODY else "PostBodyTooLarge")
    if isinstance(came_out, bytes):
        assert came_out == gzip.decompress(body)
    _read_further(came_out)
    _comes_back(GZIP, lambda text: gzip.compress(text, mtime=0), body)


def _unsound(body: bytes) -> bool:
    try:
        second_json.expected(body)
    except second_json.Unsound:
        return True
    return False


def _outcome(headers: dict[str, str], body: bytes) -> bytes | str:
    """Return the plain body, or the code of its refusal."""
    try:
        came_out = decompress(headers, body)
    except ApiError as error:
        assert error.kind.code in ("PostBodyUncompressError", "PostBodyTooLarge")
        return error.kind.code
    assert len(came_out) <= MAX_BODY
    return came_out


def _read_further(came_out: bytes | str) -> None:
    if isinstance(came_out, bytes) and len(came_out) < 64 * 1024:
        plain(came_out)


def _comes_back(headers: dict[str, str], compress: Callable[[bytes], bytes], body: bytes) -> None:
    packed = compress(body)
    assert decompress(headers, packed) == body
    # A truncated one is refused; only LZ4, which has no end marker, may accept a shorter block.
    assert _outcome(headers, packed[:-1]) != body or not body


def _inflated(body: bytes, window: int) -> bytes | None:
    """Return the content of exactly one complete stream, else None."""
    stream = zlib.decompressobj(window)
    try:
        whole = stream.decompress(body) + stream.flush()
    except zlib.error:
        return None
    return whole if stream.eof and not stream.unused_data else None


def _raw(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()
