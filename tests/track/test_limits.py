"""Each limit: the maximum passes; one more is refused and nothing is forwarded."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Sequence

import lz4.block
import pytest

from functions.track import limits
from functions.track.batch import Batch
from functions.track.upload import encode
from shared.http.errors import ApiError
from shared.spool.format import Spooled, pack, unpack
from tests.track.support import TRACK, Start, Track

PAIRS = 16 * 1024 - 1
BODY = 3 * 1024 * 1024
LOGS = 4096
DEPTH = 64


def test_the_limits_are_those_of_webtracking() -> None:
    assert (limits.MAX_PAIRS, limits.MAX_BODY, limits.MAX_LOGS, limits.MAX_DEPTH) == (
        PAIRS,
        BODY,
        LOGS,
        DEPTH,
    )


def _pairs(size: int, character: str, encoded: int, others: dict[str, str], taken: int) -> dict[str, str]:
    """Return pairs of exactly `size` bytes: `others`, which take `taken`, and a key with what is left."""
    count, rest = divmod(size - taken - len("k="), encoded)
    return {**others, "k": character * count + "x" * rest}


@pytest.mark.parametrize(
    ("character", "encoded"),
    [("x", 1), ("é", 6), ("☃", 9), ("😀", 12), (" ", 1), ("+", 3), ("&", 3), ("~", 1), ("\0", 3)],
    ids=["ascii", "two-byte", "three-byte", "four-byte", "space", "plus", "ampersand", "tilde", "nul"],
)
@pytest.mark.parametrize("form", ["track", "track.gif", "track_ua.gif"])
def test_pairs_of_16383_bytes_pass_and_of_16384_do_not(
    form: str, character: str, encoded: int, track: Track
) -> None:
    path = TRACK.replace("/track", f"/{form}")
    fits = _pairs(PAIRS, character, encoded, {}, 0)
    assert track.send("GET", path, query=fits).status == 200
    assert len(track.forwarded) == 1
    refused = track.send("GET", path, query={"k": fits["k"] + "x"})
    assert (refused.status, refused.headers["x-log-errorcode"]) == (414, "ParameterTooLarge")
    assert len(track.forwarded) == 1


def test_topic_and_source_count_and_the_api_version_does_not(track: Track) -> None:
    beside = {"__topic__": "t" * 100, "__source__": "s"}
    taken = len("__topic__=" + "t" * 100 + "&__source__=s&")
    fits = _pairs(PAIRS, "x", 1, beside, taken)
    assert track.send("GET", TRACK, query={"APIVersion": "0.6.0", **fits}).status == 200
    assert track.send("GET", TRACK, query={**fits, "k": fits["k"] + "x"}).status == 414
    assert track.send("GET", TRACK, query={**fits, "__topic__": "t" * 101}).status == 414
    assert track.send("GET", TRACK, query={**fits, "": ""}).status == 414  # even `&=` takes two bytes
    assert len(track.forwarded) == 1


def _body(size: int) -> bytes:
    start, end = b'{"__logs__":[{"a":"', b'"}]}'
    return start + b"x" * (size - len(start) - len(end)) + end


def _raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


def _lz4(body: bytes) -> bytes:
    return bytes(lz4.block.compress(body, store_size=False))


def _padded_gzip(body: bytes, size: int) -> bytes:
    """Return gzip of exactly `size` bytes, most of them the file's name in its header (RFC 1952, 2.3.1)."""
    plain = gzip.compress(body)
    name = b"n" * (size - len(plain) - 1) + b"\0"
    return plain[:3] + b"\x08" + plain[4:10] + name + plain[10:]


COMPRESSIONS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("x-log-compresstype", "lz4", _lz4),
    ("x-log-compresstype", "deflate", zlib.compress),
    ("x-log-compresstype", "deflate", _raw_deflate),
    ("Content-Encoding", "gzip", gzip.compress),
    ("Content-Encoding", "deflate", zlib.compress),
    ("Content-Encoding", "deflate", _raw_deflate),
]
NAMES = ["lz4", "sls-zlib", "sls-raw", "gzip", "http-zlib", "http-raw"]


@pytest.mark.parametrize("base64", [False, True], ids=["plain", "base64"])
def test_a_body_of_3_mb_passes_and_one_more_byte_does_not(base64: bool, track: Track) -> None:
    fits, over = _body(BODY), _body(BODY + 1)
    assert track.post(fits if base64 else fits.decode()).status == 200
    reply = track.post(over if base64 else over.decode())
    assert (reply.status, reply.code) == (413, "PostBodyTooLarge")
    assert reply.json()["errorMessage"] == "the body has 3145729 bytes; at most 3145728 are allowed"
    assert len(track.forwarded) == 1


def test_the_body_is_counted_in_bytes_and_not_in_characters(track: Track) -> None:
    assert track.post('{"__logs__":[{"a":"' + "☃" * (BODY // 3) + '"}]}').status == 413
    assert track.forwarded == []


@pytest.mark.parametrize(("header", "value", "compress"), COMPRESSIONS, ids=NAMES)
def test_the_limit_holds_after_decompression(
    header: str, value: str, compress: Callable[[bytes], bytes], track: Track
) -> None:
    assert track.send("POST", TRACK, compress(_body(BODY)), headers={header: value}).status == 200
    reply = track.send("POST", TRACK, compress(_body(BODY + 1)), headers={header: value})
    assert (reply.status, reply.code) == (413, "PostBodyTooLarge")
    assert len(track.forwarded) == 1


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_holds_for_what_was_received_however_small_it_would_become(over: int, track: Track) -> None:
    received = _padded_gzip(_body(100), BODY + over)
    assert len(received) == BODY + over
    reply = track.post(received, Content_Encoding="gzip")
    assert reply.status == (413 if over else 200)
    assert len(track.forwarded) == 1 - over


@pytest.mark.parametrize("log", [{}, {"a": "1"}, {"a": 1}], ids=["empty", "text", "number"])
def test_4096_logs_pass_and_4097_do_not(log: dict[str, object], track: Track) -> None:
    assert track.post(json.dumps({"__logs__": [log] * LOGS})).status == 200
    assert len(track.last()["__logs__"]) == LOGS
    reply = track.post(json.dumps({"__logs__": [log] * (LOGS + 1)}))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert reply.json()["errorMessage"] == "the body has 4097 logs; at most 4096 are allowed"
    assert len(track.forwarded) == 1


@pytest.mark.parametrize("kind", ["text", "numbers", "array"])
def test_64_tags_pass_and_65_do_not(kind: str, track: Track) -> None:
    def body(count: int) -> str:
        tags = (
            [1] * count if kind == "array" else {f"t{n}": "1" if kind == "text" else 1 for n in range(count)}
        )
        return json.dumps({"__logs__": [{"a": "1"}], "__tags__": tags})

    assert track.post(body(limits.MAX_TAGS)).status == 200
    assert set(track.last()["__tags__"].values()) >= {"1"}
    reply = track.post(body(limits.MAX_TAGS + 1))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert reply.json()["errorMessage"] == "$.__tags__ has 65 tags; at most 64 are allowed"
    assert len(track.forwarded) == 1


@pytest.mark.parametrize("over", [0, 1])
def test_a_signed_write_has_at_most_twice_the_size_of_a_body(over: int) -> None:
    empty = len(encode(Batch(logs=[b'{"a":""}']), {}, 1_795_416_071))
    batch = Batch(logs=[b'{"a":"%b"}' % (b"v" * (limits.MAX_FORWARDED - empty + over))])
    if over:
        with pytest.raises(ApiError, match="has 6291457 bytes; at most 6291456"):
            encode(batch, {}, 1_795_416_071)
    else:
        assert len(encode(batch, {}, 1_795_416_071)) == limits.MAX_FORWARDED


def _with_fields(counts: Sequence[int], value: str = '""') -> str:
    """Return a body with `fields` fields in each log, all names different."""
    names = (f'"{at:x}":{value}' for at in itertools.count())
    logs = ("{" + ",".join(itertools.islice(names, count)) + "}" for count in counts)
    return '{"__logs__":[' + ",".join(logs) + "]}"


@pytest.mark.parametrize("value", ['""', "1", "[]"], ids=["text", "number", "array"])
def test_512_fields_a_log_pass_and_513_do_not(value: str, track: Track) -> None:
    assert track.post(_with_fields([1, limits.MAX_LOG_FIELDS], value)).status == 200
    assert len(track.last()["__logs__"][1]) == 512 + 1  # and the time
    reply = track.post(_with_fields([1, limits.MAX_LOG_FIELDS + 1], value))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert reply.json()["errorMessage"] == "$.__logs__[1] has 513 fields; at most 512 are allowed"
    assert len(track.forwarded) == 1


@pytest.mark.parametrize(
    ("value", "most"), [('""', limits.MAX_FIELDS), ("1", limits.MAX_MIXED_FIELDS)], ids=["text", "number"]
)
def test_the_fields_of_a_request_are_bounded(value: str, most: int, track: Track) -> None:
    full, rest = divmod(most, 500)
    assert track.post(_with_fields([500] * full + [rest], value)).status == 200
    reply = track.post(_with_fields([500] * full + [rest + 1], value))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    message = reply.json()["errorMessage"]
    assert message.startswith(f"$.__logs__[{full}] is one log too many: at most {most} fields")
    assert len(track.forwarded) == 1


def test_at_least_200000_fields_of_text_are_allowed() -> None:
    assert limits.MAX_FIELDS >= 200_000


@pytest.mark.parametrize("character", ["k", "é", "☃", "😀"])
def test_a_name_of_128_bytes_passes_and_one_more_does_not(character: str, track: Track) -> None:
    count, rest = divmod(limits.MAX_NAME, len(character.encode()))
    fits, over = character * count + "k" * rest, character * count + "k" * (rest + 1)
    assert track.post(json.dumps({"__logs__": [{}, {fits: "1"}], "__tags__": {fits: 1}})).status == 200
    assert fits in track.last()["__logs__"][1]
    for body, path in (
        ({"__logs__": [{}, {over: "1"}]}, "$.__logs__[1]"),
        ({"__logs__": [{}, {over: 1}]}, "$.__logs__[1]"),
        ({"__logs__": [{}], "__tags__": {over: "1"}}, "$.__tags__"),
    ):
        reply = track.post(json.dumps(body))
        assert (reply.status, reply.code) == (400, "PostBodyInvalid")
        assert reply.json()["errorMessage"] == f"{path} has a name of more than 128 bytes"
    assert track.send("GET", TRACK, query={fits: "1"}).status == 200
    assert track.send("GET", TRACK, query={over: "1"}).code == "PostBodyInvalid"
    assert len(track.forwarded) == 2


@pytest.mark.parametrize("template", ['{"__logs__":[{"a":%s}]}', '{"__logs__":[{}],"__tags__":[%s]}'])
@pytest.mark.parametrize("over", [0, 1])
def test_nested_values_are_limited(over: int, template: str, track: Track) -> None:
    value = "[" + ",".join(["0"] * (limits.MAX_NESTED + over)) + "]"  # one bracket, a comma less than zeros
    reply = track.post(template % value)
    assert reply.status == (400 if over else 200)
    assert len(track.forwarded) == 1 - over
    if over:
        assert "more than 65536 commas and brackets" in reply.json()["errorMessage"]


def test_members_that_are_passed_over_are_bounded_and_the_logs_beside_them_do_not_count(track: Track) -> None:
    log = json.dumps({"a": ",[" * 100_000})
    assert track.post(f'{{"x":[[0,1]],"__logs__":[{log}]}}').status == 200
    zeros = ",".join(["0"] * 70_000)
    reply = track.post(f'{{"x":[{zeros}],"__logs__":[{log}]}}')
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")


def test_a_log_of_far_too_many_fields_is_refused_before_it_is_built(track: Track) -> None:
    reply = track.post(_with_fields([260_000], "0"))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert reply.json()["errorMessage"].startswith("$.__logs__[0] has more than 512 fields")
    many_marks = json.dumps({"a": ":" * 200_000, "b": '":,' * 100_000, "c": "\\"})
    assert track.post(f'{{"__logs__":[{many_marks}]}}').status == 200
    assert track.last()["__logs__"][0]["b"] == '":,' * 100_000


def test_every_forwarded_body_fits_into_the_spool() -> None:
    body = b'{"__logs__":[{"a":"' + b"v" * (limits.MAX_FORWARDED - 23) + b'"}]}'
    batch = Spooled("p" * 63, "l" * 63, 1_795_416_071, body)
    assert len(body) == limits.MAX_FORWARDED
    assert unpack(pack([batch])) == [batch]


def _brackets(kind: str, count: int) -> str:
    if kind == "arrays":
        return "[" * count + "]" * count
    return '{"o":' * (count - 1) + "{}" + "}" * (count - 1)


@pytest.mark.parametrize("kind", ["arrays", "objects"])
@pytest.mark.parametrize(
    ("template", "around"),
    [
        ('{"__logs__":[{"a":%s}]}', 3),
        ('{"__logs__":[{},{"a":"x","b":["y",%s,1]}]}', 4),
        ('{"__logs__":[{}],"__tags__":{"t":%s}}', 2),
        ('{"__logs__":[{}],"__tags__":[%s]}', 2),
        ('{"__logs__":[{}],"__topic__":%s}', 1),
        ('{"__logs__":[{}],"unknown":%s}', 1),
    ],
    ids=["log-value", "log-array", "tag", "tag-array", "topic", "unknown-member"],
)
def test_64_open_brackets_pass_and_65_do_not(template: str, around: int, kind: str, track: Track) -> None:
    assert track.post(template % _brackets(kind, DEPTH - around)).status == 200
    assert len(track.forwarded) == 1
    reply = track.post(template % _brackets(kind, DEPTH - around + 1))
    assert (reply.status, reply.code) == (400, "PostBodyInvalid")
    assert reply.json()["errorMessage"] == "the body is nested too deep; at most 64 open brackets are allowed"
    assert len(track.forwarded) == 1


def test_brackets_within_text_are_not_open_ones(track: Track) -> None:
    assert track.post(json.dumps({"__logs__": [{"a": "[{" * 1000, "n": 1}]})).status == 200
    assert track.last()["__logs__"][0]["a"] == "[{" * 1000


def test_many_brackets_side_by_side_are_not_deep(track: Track) -> None:
    assert track.post(json.dumps({"__logs__": [{"a": [[]] * 1000}]})).status == 200
    assert track.last()["__logs__"][0]["a"] == "[" + ",".join(["[]"] * 1000) + "]"


@pytest.mark.parametrize("over", [0, 1])
def test_in_anonymous_mode_the_body_as_forwarded_keeps_to_3_mb(over: int, start: Start) -> None:
    track = start(SLS_WRITE="anonymous")
    assert track.post(_body(1000)).status == 200
    added = len(track.forwarded[0].body) - 1000  # the tag that says who sent it
    reply = track.post(_body(BODY - added + over))
    assert (reply.status, reply.code) == ((413, "PostBodyTooLarge") if over else (200, ""))
    sizes = [len(received.body) for received in track.forwarded]
    assert sizes == [1000 + added] + [BODY] * (1 - over)


def test_in_signed_mode_the_tags_may_take_it_past_3_mb(track: Track) -> None:
    assert track.post(_body(BODY)).status == 200
    assert len(track.forwarded[0].body) > BODY
