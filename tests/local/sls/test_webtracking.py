"""Anonymous writes, which only a Logstore with WebTracking accepts."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlencode

import lz4.block
import pytest

from local.sls import WriteQuota
from local.sls.writes import PAIRS_CAP, WEBTRACKING_CAP, WEBTRACKING_LOGS

from .support import LOGSTORE, OPEN, PROJECT, Cloud, group, refusal

TRACK = f"/logstores/{OPEN}/track"


def test_a_post_is_kept_with_the_time_of_arrival(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.5
    body = group({"a": "1", "__time__": "2"}, __topic__="t", __source__="s", __tags__={"env": "dev"})

    answer = cloud.client.post(f"{TRACK}?APIVersion=0.6.0", content=body)

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    (log,) = cloud.sls.store.query()
    assert (log.project, log.logstore, log.time) == (PROJECT, OPEN, 1_795_394_940)
    assert (log.topic, log.source, log.tags, log.fields) == ("t", "s", {"env": "dev"}, {"a": "1"})


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        ("lz4", lz4.block.compress(group({"a": "1"}), store_size=False)),
        ("deflate", zlib.compress(group({"a": "1"}))),
    ],
)
def test_a_post_may_be_compressed(cloud: Cloud, kind: str, packed: bytes) -> None:
    answer = cloud.client.post(TRACK, content=packed, headers={"x-log-compresstype": kind})

    assert answer.status_code == 200
    assert [log.fields for log in cloud.sls.store.query()] == [{"a": "1"}]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_post_may_not_be_compressed_otherwise(cloud: Cloud, kind: str) -> None:
    answer = cloud.client.post(TRACK, content=group(), headers={"x-log-compresstype": kind})

    assert refusal(answer) == (400, "InvalidCompressType")


@pytest.mark.parametrize(
    ("path", "content"), [("track", b""), ("track.gif", b"GIF89a"), ("track_ua.gif", b"GIF89a")]
)
def test_a_get_is_one_log(cloud: Cloud, path: str, content: bytes) -> None:
    query = "APIVersion=0.6.0&__topic__=t&__source__=s&a=1+2&b=%E4%B8%AD&c=&__tag__:x=y"
    headers = {"User-Agent": "Mozilla", "Referer": "https://shop.example.com/"}

    answer = cloud.client.get(f"/logstores/{OPEN}/{path}?{query}", headers=headers)

    assert (answer.status_code, answer.content[:6]) == (200, content)
    (log,) = cloud.sls.store.query()
    browser = {"user_agent": "Mozilla", "referer": "https://shop.example.com/"} if "ua" in path else {}
    assert log.fields == {"a": "1 2", "b": "中", "c": "", **browser}
    assert (log.topic, log.source, log.tags) == ("t", "s", {"x": "y"})


@pytest.mark.parametrize("path", ["track", "track.gif", "track_ua.gif"])
def test_a_closed_logstore_refuses_anonymous_logs(cloud: Cloud, path: str) -> None:
    answer = cloud.client.get(f"/logstores/{LOGSTORE}/{path}?APIVersion=0.6.0&a=1")

    assert refusal(answer) == (401, "Unauthorized")
    assert refusal(cloud.client.post(f"/logstores/{LOGSTORE}/track", content=group())) == (
        401,
        "Unauthorized",
    )
    assert cloud.sls.store.counts() == {}


def test_an_unknown_logstore_is_named(cloud: Cloud) -> None:
    assert refusal(cloud.client.post("/logstores/nowhere/track", content=group())) == (
        404,
        "LogStoreNotExist",
    )


@pytest.mark.parametrize("how", [{"params": {"APIVersion": "1"}}, {"headers": {"x-log-apiversion": "1"}}])
def test_another_version_of_the_api_is_refused(cloud: Cloud, how: dict[str, Any]) -> None:
    assert refusal(cloud.client.post(TRACK, content=group(), **how)) == (400, "InvalidAPIVersion")


@pytest.mark.parametrize(("extra", "status"), [(-1, 200), (0, 400)])
def test_the_pairs_of_a_get_must_be_under_16_kb(cloud: Cloud, extra: int, status: int) -> None:
    pairs = urlencode({"a": "x" * (PAIRS_CAP - 2 + extra)})

    answer = cloud.client.get(f"{TRACK}?APIVersion=0.6.0&__topic__={'t' * 1000}&{pairs}")

    assert (len(pairs), answer.status_code) == (PAIRS_CAP + extra, status)
    assert status == 200 or refusal(answer) == (400, "ParameterInvalid")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 400)])
def test_the_largest_post_is_accepted_and_one_byte_more_is_not(cloud: Cloud, extra: int, status: int) -> None:
    body = group({"a": "x" * (WEBTRACKING_CAP - len(group({"a": ""})) + extra)})

    answer = cloud.client.post(TRACK, content=body)

    assert (len(body), answer.status_code) == (WEBTRACKING_CAP + extra, status)
    assert status == 200 or refusal(answer) == (400, "PostBodyTooLarge")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 400)])
def test_the_limit_holds_after_decompression(cloud: Cloud, extra: int, status: int) -> None:
    body = group({"a": "x" * (WEBTRACKING_CAP - len(group({"a": ""})) + extra)})

    answer = cloud.client.post(TRACK, content=zlib.compress(body), headers={"x-log-compresstype": "deflate"})

    assert answer.status_code == status
    assert status == 200 or refusal(answer) == (400, "PostBodyTooLarge")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 400)])
def test_the_maximum_of_logs_is_accepted_and_one_more_is_refused(
    cloud: Cloud, extra: int, status: int
) -> None:
    logs: list[dict[str, Any]] = [{}] * (WEBTRACKING_LOGS + extra)

    answer = cloud.client.post(TRACK, content=group(*logs))

    assert answer.status_code == status
    assert status == 200 or refusal(answer) == (400, "PostBodyTooLarge")


def test_quotas_hold_for_anonymous_logs_too(cloud: Cloud) -> None:
    cloud.clock.fixed = 1_795_394_940.0
    cloud.sls.create(PROJECT, OPEN, webtracking=True, quota=WriteQuota(writes=1))

    assert cloud.client.get(f"{TRACK}?APIVersion=0.6.0&a=1").status_code == 200
    assert refusal(cloud.client.post(TRACK, content=group())) == (403, "WriteQuotaExceed")
