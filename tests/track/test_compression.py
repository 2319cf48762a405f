"""Compressed bodies: the contract's encodings, and attacks with them."""

from __future__ import annotations

import gzip
import random
import resource
import time
import tracemalloc
import zlib
from collections.abc import Callable

import lz4.block
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.track.compression import decompress
from functions.track.limits import MAX_BODY
from shared.http.errors import ApiError
from tests.track.support import Track, body_of, timeless

BODY = b'{"__logs__":[{"a":"1"},{"b":"\xe2\x98\x83"}],"__topic__":"T"}'
BOMB = 256 * 1024 * 1024  # decompressed bytes of a bomb


def _raw(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


def _lz4(body: bytes) -> bytes:
    return bytes(lz4.block.compress(body, store_size=False))


Encoding = tuple[dict[str, str], Callable[[bytes], bytes]]
SLS_LZ4: Encoding = ({"x-log-compresstype": "lz4"}, _lz4)
ENCODINGS: dict[str, Encoding] = {
    "lz4": SLS_LZ4,
    "sls-zlib": ({"x-log-compresstype": "deflate"}, zlib.compress),
    "sls-raw": ({"x-log-compresstype": "deflate"}, _raw),
    "gzip": ({"content-encoding": "gzip"}, gzip.compress),
    "http-zlib": ({"content-encoding": "deflate"}, zlib.compress),
    "http-raw": ({"content-encoding": "deflate"}, _raw),
}
each_encoding = pytest.mark.parametrize(("headers", "compress"), ENCODINGS.values(), ids=list(ENCODINGS))


def _code(headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(ApiError) as refused:
        decompress(headers, body)
    return refused.value.kind.code


def _outcome(headers: dict[str, str], body: bytes) -> str:
    """Return the code of a refusal, or "shorter" for a result within the limit."""
    try:
        plain = decompress(headers, body)
    except ApiError as error:
        return error.kind.code
    return "shorter" if len(plain) < MAX_BODY else "as large as may be"


@each_encoding
def test_a_compressed_body_is_forwarded_like_a_plain_one(
    headers: dict[str, str], compress: Callable[[bytes], bytes], track: Track
) -> None:
    assert track.post(BODY).status == 200
    assert track.send("POST", "/logstores/checkout/track", compress(BODY), headers=headers).status == 200
    plain, compressed = (timeless(body_of(received)) for received in track.forwarded)
    assert compressed == plain


@given(body=st.binary(max_size=5000), name=st.sampled_from(sorted(ENCODINGS)))
def test_compressed_data_is_decompressed_unchanged(body: bytes, name: str) -> None:
    headers, compress = ENCODINGS[name]
    assert decompress(headers, compress(body)) == body


@each_encoding
def test_repetitions_after_nearly_32_kb_are_decompressed(
    headers: dict[str, str], compress: Callable[[bytes], bytes]
) -> None:
    block = random.Random(5).randbytes(32_000)
    packed = compress(block * 8)
    assert len(packed) < 2 * len(block)
    assert decompress(headers, packed) == block * 8


@pytest.mark.parametrize(
    ("name", "compress"), [("gzip", zlib.compress), ("gzip", _raw), ("http-zlib", gzip.compress)]
)
def test_one_encoding_is_not_accepted_as_another(name: str, compress: Callable[[bytes], bytes]) -> None:
    assert _code(ENCODINGS[name][0], compress(BODY)) == "PostBodyUncompressError"


@given(body=st.binary(max_size=2000), name=st.sampled_from(sorted(ENCODINGS)))
def test_any_bytes_decompress_or_are_refused(body: bytes, name: str) -> None:
    outcomes = ("shorter", "PostBodyUncompressError", "PostBodyTooLarge")
    assert _outcome(ENCODINGS[name][0], body) in outcomes


@pytest.mark.parametrize("value", ["LZ4", "Deflate"])
def test_the_name_of_an_sls_encoding_may_be_in_any_case(value: str) -> None:
    compress = ENCODINGS["lz4" if value == "LZ4" else "sls-zlib"][1]
    assert decompress({"x-log-compresstype": value}, compress(BODY)) == BODY


@pytest.mark.parametrize("value", ["GZIP", "Deflate"])
def test_the_name_of_an_http_encoding_may_be_in_any_case(value: str) -> None:
    compress = ENCODINGS["gzip" if value == "GZIP" else "http-zlib"][1]
    assert decompress({"content-encoding": value}, compress(BODY)) == BODY


def test_empty_headers_mean_a_plain_body(track: Track) -> None:
    headers = {"x-log-compresstype": "", "content-encoding": ""}
    assert track.send("POST", "/logstores/checkout/track", BODY, headers=headers).status == 200
    assert timeless(track.last())["__logs__"] == [{"a": "1"}, {"b": "\N{SNOWMAN}"}]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-log-compresstype": "gzip"},
        {"x-log-compresstype": "zstd"},
        {"x-log-compresstype": "lz4,deflate"},
        {"x-log-compresstype": "none"},
        {"x-log-compresstype": "l" * 8000},
        {"content-encoding": "lz4"},
        {"content-encoding": "br"},
        {"content-encoding": "zstd"},
        {"content-encoding": "gzip, gzip"},
        {"content-encoding": "gzip,deflate"},
        {"content-encoding": "identity"},
        {"content-encoding": "\u0130"},
        {"x-log-compresstype": "deflate", "content-encoding": "deflate"},
        {"x-log-compresstype": "lz4", "content-encoding": "gzip"},
        {"x-log-compresstype": "unknown", "content-encoding": "unknown"},
    ],
    ids=str,
)
def test_an_encoding_not_named_or_two_at_once_are_refused(headers: dict[str, str], track: Track) -> None:
    reply = track.send("POST", "/logstores/checkout/track", gzip.compress(BODY), headers=headers)
    assert (reply.status, reply.code) == (400, "InvalidCompressType")
    assert "llll" not in reply.json()["errorMessage"]
    assert track.forwarded == []


@each_encoding
@pytest.mark.parametrize("damage", ["empty", "truncated", "half", "trailing", "text", "flipped", "twice"])
def test_a_damaged_body_is_refused(
    damage: str, headers: dict[str, str], compress: Callable[[bytes], bytes], track: Track
) -> None:
    sound = compress(BODY)
    damaged = {
        "empty": b"",
        "truncated": sound[:-1],
        "half": sound[: len(sound) // 2],
        "trailing": sound + b"\xf0",
        "text": BODY,
        "flipped": bytes([sound[0] ^ 0xFF]) + sound[1:],
        "twice": sound + sound,
    }[damage]
    reply = track.send("POST", "/logstores/checkout/track", damaged, headers=headers)
    assert reply.status == 400
    # A block has no checksum: LZ4 may give other bytes, which are then not JSON.
    assert reply.code in ("PostBodyUncompressError", "PostBodyInvalid")
    if headers != SLS_LZ4[0]:
        assert reply.code == "PostBodyUncompressError"
    assert track.forwarded == []


@pytest.mark.parametrize(("name", "compress"), [("gzip", gzip.compress), ("http-zlib", zlib.compress)])
def test_a_wrong_checksum_is_refused(name: str, compress: Callable[[bytes], bytes]) -> None:
    sound = bytearray(compress(BODY))
    sound[-5 if name == "gzip" else -1] ^= 1
    assert _code(ENCODINGS[name][0], bytes(sound)) == "PostBodyUncompressError"


def _bomb(wbits: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=wbits)
    zeros = bytes(1024 * 1024)
    pieces = [compressor.compress(zeros) for _ in range(BOMB // len(zeros))]
    return b"".join((*pieces, compressor.flush()))


def _lz4_bomb() -> bytes:
    # One literal, then a match whose length is in the bytes of 255 after it.
    return b"\x1fa\x01\x00" + b"\xff" * (BOMB // 255) + b"\x00" + b"\x50abcde"


@pytest.mark.parametrize(
    ("headers", "bomb"),
    [
        (ENCODINGS["gzip"][0], lambda: _bomb(31)),
        (ENCODINGS["http-zlib"][0], lambda: _bomb(15)),
        (ENCODINGS["http-raw"][0], lambda: _bomb(-15)),
        (ENCODINGS["sls-zlib"][0], lambda: _bomb(15)),
        (ENCODINGS["lz4"][0], _lz4_bomb),
    ],
    ids=["gzip", "zlib", "raw", "sls-zlib", "lz4"],
)
def test_a_bomb_is_refused_without_being_unpacked(headers: dict[str, str], bomb: Callable[[], bytes]) -> None:
    body = bomb()
    assert len(body) <= MAX_BODY
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    tracemalloc.start()
    try:
        assert _code(headers, body) == "PostBodyTooLarge"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_BODY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # in KB
    assert time.process_time() - started < 10  # generous: tracing slows all this down


@pytest.mark.parametrize(
    "block",
    [
        b"\xff" * MAX_BODY,
        b"\x0f\x01\x00" + b"\xff" * (MAX_BODY - 3),
        b"\x10a\x01\x00" + b"\x00\x01\x00" * ((MAX_BODY - 4) // 3),
        b"\x10a\x00\x00" + b"\x00\x01\x00" * ((MAX_BODY - 4) // 3),
        b"\x00" * MAX_BODY,
    ],
    ids=["endless-literals", "endless-match", "short-matches", "bad-offset", "zeros"],
)
def test_the_worst_lz4_blocks_are_refused_in_bounded_time(block: bytes) -> None:
    started = time.process_time()
    assert _code(SLS_LZ4[0], block) in ("PostBodyUncompressError", "PostBodyTooLarge")
    assert time.process_time() - started < 5


def test_an_lz4_block_cut_off_in_any_place_is_refused_or_shorter() -> None:
    body = b"abcabcabc" * 50 + BODY
    block = _lz4(body)
    assert decompress(SLS_LZ4[0], block) == body
    for end in range(len(block)):
        assert _outcome(SLS_LZ4[0], block[:end]) in ("PostBodyUncompressError", "shorter")


def _message(headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(ApiError) as refused:
        decompress(headers, body)
    return refused.value.message


def test_a_refusal_names_the_limit_and_the_encodings() -> None:
    assert (
        _message({"x-log-compresstype": "br"}, b"") == "one of lz4, deflate or Content-Encoding gzip, deflate"
    )
    large = "the body has more than 3145728 bytes once decompressed"
    assert _message(ENCODINGS["gzip"][0], gzip.compress(bytes(MAX_BODY + 1))) == large
    assert _message(ENCODINGS["lz4"][0], _lz4(bytes(MAX_BODY + 1))) == large


def test_a_stored_block_whose_padding_looks_like_zlibs_header_is_deflate_all_the_same() -> None:
    stored = b"\x08\x02\x00\xfd\xff{}"  # RFC 1951, 3.2.4: the bits up to the next byte are ignored
    assert decompress(ENCODINGS["http-raw"][0], stored + b"\x03\x00") == b"{}"


def _lz4_matches(size: int, offset: int) -> bytes:
    """Return one literal and a match that together have `size` bytes, and no end behind them."""
    rest = size - 1 - 4 - 15
    return b"\x1fa" + offset.to_bytes(2, "little") + b"\xff" * (rest // 255) + bytes([rest % 255])


@pytest.mark.parametrize(("over", "code"), [(0, "PostBodyUncompressError"), (1, "PostBodyTooLarge")])
def test_a_corrupt_block_is_too_large_only_past_the_limit(over: int, code: str) -> None:
    assert _code(SLS_LZ4[0], _lz4_matches(MAX_BODY + over, 1)) == code
    assert _code(SLS_LZ4[0], _lz4_matches(MAX_BODY + over, 2)) == code
    assert (
        _code(SLS_LZ4[0], _lz4_matches(MAX_BODY - 4, 1) + bytes([0, 1, 0, 0, 1, 0][: 3 + 3 * over])) == code
    )


@pytest.mark.parametrize("nibble", [0, 15])
def test_literals_at_the_end_of_a_block_count(nibble: int) -> None:
    # Like a decoder, this ignores the lower half of the last token.
    part = MAX_BODY // 2
    lengths = b"\xff" * ((part - 15) // 255) + bytes([(part - 15) % 255])
    start = _lz4_matches(MAX_BODY - part + 1, 1)
    sound = start + bytes([0xF0 | nibble]) + lengths + b"a" * part
    assert len(sound) <= MAX_BODY
    assert _code(SLS_LZ4[0], sound) == "PostBodyTooLarge"
