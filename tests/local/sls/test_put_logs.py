"""Signed writes: accepted and refused bodies."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import lz4.block
import pytest
import zstandard

from local.sls import WriteQuota
from local.sls.writes import NEWEST, OLDEST, SIGNED_CAP, SIGNED_LOGS

from .support import LOGSTORE, PROJECT, Cloud, group, refusal

PACKED = {
    "lz4": lambda body: lz4.block.compress(body, store_size=False),
    "deflate": zlib.compress,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
}


def test_a_log_is_kept_with_all_that_came_with_it(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.5
    dated, undated = {"a": "1", "__time__": 1_795_394_000}, {"b": "2", "__tag__:own": "x"}
    body = group(dated, undated, __topic__="t", __source__="s", __tags__={"env": "dev"})

    answer = cloud.send(cloud.signer(), body)

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    newest, first = cloud.sls.store.query()
    assert (first.time, first.fields, first.tags) == (1_795_394_000, {"a": "1"}, {"env": "dev"})
    assert (newest.time, newest.fields) == (1_795_394_940, {"b": "2"})
    assert newest.tags == {"env": "dev", "own": "x"}
    assert [(log.topic, log.source, log.received) for log in (first, newest)] == [
        ("t", "s", 1_795_394_940.5)
    ] * 2
    assert newest.id > first.id


@pytest.mark.parametrize("path", ["", "/shards/lb", "/shards/route"])
def test_each_path_of_a_write_is_served(cloud: Cloud, path: str) -> None:
    answer = cloud.send(cloud.signer(), group(), f"/logstores/{LOGSTORE}{path}")

    assert answer.status_code == 200
    assert cloud.sls.store.counts() == {LOGSTORE: 1}


def test_values_that_are_no_strings_are_kept_as_json(cloud: Cloud) -> None:
    body = group({"n": 1.5, "t": True, "nul": None, "o": {"a": [1]}, "big": 10**20}, __tags__={"n": 1})

    cloud.send(cloud.signer(), body)

    (log,) = cloud.sls.store.query()
    assert log.fields == {"n": "1.5", "t": "true", "nul": "null", "o": '{"a": [1]}', "big": "1" + "0" * 20}
    assert log.tags == {"n": "1"}


def test_odd_text_is_kept(cloud: Cloud) -> None:
    body = b'{"__logs__":[{"":"empty key","nul":"\\u0000","lone":"a\\ud800b","pair":"\\ud83d\\ude00"},{}]}'

    assert cloud.send(cloud.signer(), body).status_code == 200
    empty, odd = cloud.sls.store.query()
    assert odd.fields == {"": "empty key", "nul": "\0", "lone": "a\ufffdb", "pair": "😀"}
    assert empty.fields == {}


def test_appended_meta_says_who_connected_and_when(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.5
    cloud.sls.create(PROJECT, LOGSTORE, append_meta=True)

    cloud.send(cloud.signer(), group({"__tag__:__client_ip__": "203.0.113.9"}))

    (log,) = cloud.sls.store.query()
    assert log.tags == {"__client_ip__": "127.0.0.1", "__receive_time__": "1795394940"}


@pytest.mark.parametrize("kind", PACKED)
def test_each_compression_is_understood(cloud: Cloud, kind: str) -> None:
    plain = group({"a": "1" * 1000})
    headers = {"x-log-compresstype": kind, "x-log-bodyrawsize": str(len(plain))}

    assert cloud.send(cloud.signer(), PACKED[kind](plain), headers=headers).status_code == 200
    assert [log.fields for log in cloud.sls.store.query()] == [{"a": "1" * 1000}]


@pytest.mark.parametrize("kind", PACKED)
def test_a_raw_size_that_is_not_the_size_does_no_harm(cloud: Cloud, kind: str) -> None:
    headers = {"x-log-compresstype": kind, "x-log-bodyrawsize": "1"}

    assert cloud.send(cloud.signer(), PACKED[kind](group()), headers=headers).status_code == 200


@pytest.mark.parametrize("kind", PACKED)
def test_a_truncated_compressed_body_is_refused(cloud: Cloud, kind: str) -> None:
    packed = PACKED[kind](group({"a": "1", "b": "some text that does not repeat itself"}))
    headers = {"x-log-compresstype": kind, "x-log-bodyrawsize": "100"}

    answer = cloud.send(cloud.signer(), packed[: len(packed) - 5], headers=headers)

    assert refusal(answer) == (400, "PostBodyUncompressError")


@pytest.mark.parametrize("kind", PACKED)
def test_a_body_that_was_never_compressed_is_refused(cloud: Cloud, kind: str) -> None:
    headers = {"x-log-compresstype": kind}

    assert refusal(cloud.send(cloud.signer(), group(), headers=headers)) == (400, "PostBodyUncompressError")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("lz4", "PostBodyUncompressError"),
        ("deflate", "PostBodyTooLarge"),
        ("gzip", "PostBodyTooLarge"),
        ("zstd", "PostBodyTooLarge"),
    ],
)
def test_a_decompression_bomb_is_defused(cloud: Cloud, kind: str, code: str) -> None:
    bomb = PACKED[kind](b"\0" * (SIGNED_CAP + 1))
    headers = {"x-log-compresstype": kind, "x-log-bodyrawsize": "100"}

    assert len(bomb) < SIGNED_CAP // 100
    assert refusal(cloud.send(cloud.signer(), bomb, headers=headers)) == (400, code)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"x-log-compresstype": "snappy"}, (400, "InvalidCompressType")),
        ({"x-log-bodyrawsize": "-1"}, (400, "InvalidBodyRawSize")),
        ({"x-log-bodyrawsize": "many"}, (400, "InvalidBodyRawSize")),
        ({"x-log-bodyrawsize": "9" * 5000}, (400, "PostBodyTooLarge")),
        ({"x-log-bodyrawsize": str(SIGNED_CAP + 1)}, (400, "PostBodyTooLarge")),
        ({"content-type": "text/plain"}, (415, "InvalidContentType")),
        ({"content-type": "application/x-protobuf"}, (400, "PostBodyInvalid")),
    ],
)
def test_wrong_headers_are_refused(cloud: Cloud, headers: dict[str, str], refused: tuple[int, str]) -> None:
    assert refusal(cloud.send(cloud.signer(), group(), headers=headers)) == refused


@pytest.mark.parametrize(
    ("missing", "refused"),
    [
        ("content-type", (400, "MissingContentType")),
        ("x-log-bodyrawsize", (400, "MissingBodyRawSize")),
    ],
)
def test_missing_headers_are_refused(cloud: Cloud, missing: str, refused: tuple[int, str]) -> None:
    headers = {"x-log-compresstype": "lz4"} if missing == "x-log-bodyrawsize" else {}

    answer = cloud.send(cloud.signer(drop=(missing,)), group(), headers=headers)

    assert refusal(answer) == refused


def test_a_body_without_a_length_is_refused(cloud: Cloud) -> None:
    answer = cloud.client.post(f"/logstores/{LOGSTORE}/shards/lb", content=iter([group()]))

    assert refusal(answer) == (411, "MissingContentLength")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not JSON", "PostBodyInvalid"),
        (b'{"__logs__":[{"a":', "PostBodyInvalid"),
        (b'{"__logs__":[{"a":NaN}]}', "PostBodyInvalid"),
        (b'{"__logs__":[{"a":' + b"9" * 5000 + b"}]}", "PostBodyInvalid"),
        (b"[" * 100_000, "PostBodyInvalid"),
        (b"[]", "PostBodyInvalid"),
        (b"{}", "PostBodyInvalid"),
        (b'{"__logs__":{}}', "PostBodyInvalid"),
        (b'{"__logs__":["a"]}', "PostBodyInvalid"),
        (b'{"__logs__":[],"__tags__":["a"]}', "PostBodyInvalid"),
        (b'{"__logs__":[{"a":"\xff"}]}', "InvalidEncoding"),
        (b'{"__logs__":[{"__time__":"yesterday"}]}', "InvalidTimestamp"),
        (b'{"__logs__":[{"__time__":1e999}]}', "InvalidTimestamp"),
        (b'{"__logs__":[{"__time__":[1]}]}', "InvalidTimestamp"),
    ],
)
def test_a_json_body_of_another_shape_is_refused(cloud: Cloud, body: bytes, code: str) -> None:
    assert refusal(cloud.send(cloud.signer(), body)) == (400, code)
    assert cloud.sls.store.counts() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\x0a\x02\x08\x01\x01",
        b"\x0a\x00",  # a log without the required time
        b"\x0a\x09\x08\x01\x12\x05\x0a\x03key",  # a content without the required value
    ],
)
def test_a_protobuf_body_of_another_shape_is_refused(cloud: Cloud, body: bytes) -> None:
    headers = {"content-type": "application/x-protobuf"}

    assert refusal(cloud.send(cloud.signer(), body, headers=headers)) == (400, "PostBodyInvalid")


def test_a_protobuf_body_must_be_utf_8(cloud: Cloud) -> None:
    body = b"\x0a\x0d\x08\x01\x12\x09\x0a\x03key\x12\x02\xff\xfe"
    headers = {"content-type": "application/x-protobuf"}

    assert refusal(cloud.send(cloud.signer(), body, headers=headers)) == (400, "InvalidEncoding")


@pytest.mark.parametrize(
    ("offset", "status"), [(-OLDEST, 200), (-OLDEST - 1, 400), (NEWEST, 200), (NEWEST + 1, 400)]
)
def test_a_time_must_be_of_the_last_week_or_the_next_quarter_hour(
    cloud: Cloud, offset: int, status: int
) -> None:
    now = 1_795_394_940
    cloud.clock.fixed = float(now)

    answer = cloud.send(cloud.signer(), group({"a": "1"}, {"__time__": now + offset}))

    assert answer.status_code == status
    assert len(cloud.sls.store.query()) == (2 if status == 200 else 0)
    assert status == 200 or refusal(answer) == (400, "PostBodyInvalid")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 400)])
def test_the_largest_body_is_accepted_and_one_byte_more_is_not(cloud: Cloud, extra: int, status: int) -> None:
    frame = len(group({"a": ""}))
    body = group({"a": "x" * (SIGNED_CAP - frame + extra)})

    answer = cloud.send(cloud.signer(), body, headers={"x-log-bodyrawsize": "1"})

    assert (len(body), answer.status_code) == (SIGNED_CAP + extra, status)
    assert status == 200 or refusal(answer) == (400, "PostBodyTooLarge")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 400)])
def test_the_maximum_of_logs_is_accepted_and_one_more_is_refused(
    cloud: Cloud, extra: int, status: int
) -> None:
    logs: list[dict[str, Any]] = [{}] * (SIGNED_LOGS + extra)

    answer = cloud.send(cloud.signer(), group(*logs))

    assert answer.status_code == status
    assert cloud.sls.store.counts() == ({LOGSTORE: SIGNED_LOGS} if status == 200 else {})
    assert status == 200 or refusal(answer) == (400, "PostBodyTooLarge")


def test_a_quota_of_writes_holds_for_a_second(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.0
    cloud.sls.create(PROJECT, LOGSTORE, quota=WriteQuota(writes=2))
    signer = cloud.signer()
    assert [cloud.send(signer, group()).status_code for _ in range(2)] == [200, 200]

    assert refusal(cloud.send(signer, group())) == (403, "WriteQuotaExceed")
    cloud.clock.fixed += 1
    assert cloud.send(signer, group()).status_code == 200
    assert cloud.sls.store.counts() == {LOGSTORE: 3}


def test_a_quota_of_bytes_counts_them_uncompressed(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.0
    plain = group({"a": "x" * 1000})
    cloud.sls.create(PROJECT, LOGSTORE, quota=WriteQuota(size=2 * len(plain) - 1))
    packed, headers = PACKED["lz4"](plain), {"x-log-compresstype": "lz4"}

    assert cloud.send(cloud.signer(), packed, headers=headers).status_code == 200
    assert refusal(cloud.send(cloud.signer(), packed, headers=headers)) == (403, "WriteQuotaExceed")
