"""Listings by the official SDK."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from .support import BODY, BUCKET, Cloud, put


def listed(client: Any, **how: Any) -> list[list[str]]:
    """The keys and common prefixes of each page."""
    paginator = client.list_objects_v2_paginator()
    pages = paginator.iter_page(oss.ListObjectsV2Request(bucket=BUCKET, **how))
    return [
        [entry.key for entry in page.contents or []] + [entry.prefix for entry in page.common_prefixes or []]
        for page in pages
    ]


def test_objects_are_listed_in_pages_in_order(cloud: Cloud) -> None:
    client = cloud.client()
    keys = [f"spool/{name}" for name in ("ü&<", "1", "3 +", "2", "ÿ", "z")]
    for key in [*keys, "other", "spool"]:
        put(client, key)

    pages = listed(client, prefix="spool/", max_keys=2)

    assert [len(page) for page in pages] == [2, 2, 2]
    assert [key for page in pages for key in page] == sorted(keys, key=str.encode)


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (100, [100]), (101, [100, 1])])
def test_a_page_has_a_hundred_unless_asked_otherwise(cloud: Cloud, count: int, pages: list[int]) -> None:
    client = cloud.client()
    for number in range(count):
        put(client, f"{number:03}")

    assert [len(page) for page in listed(client)] == pages


def test_a_listing_tells_of_each_object(cloud: Cloud) -> None:
    client = cloud.client()
    cloud.clock.fixed = float(int(cloud.clock()))
    put(client, "a")

    answer = client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET))

    (found,) = answer.contents
    assert (found.key, found.size, found.etag) == ("a", len(BODY), cloud_etag(cloud, "a"))
    assert found.last_modified == datetime.fromtimestamp(cloud.clock.fixed, timezone.utc)
    assert (answer.key_count, answer.is_truncated, answer.max_keys) == (1, False, 100)


def cloud_etag(cloud: Cloud, key: str) -> str:
    return f'"{cloud.oss.objects(BUCKET)[key].etag}"'


def test_a_listing_begins_after_a_key(cloud: Cloud) -> None:
    client = cloud.client()
    for key in "abc":
        put(client, key)

    assert listed(client, start_after="a") == [["b", "c"]]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_delimiter_makes_folders_whatever_the_page(cloud: Cloud, size: int) -> None:
    client = cloud.client()
    for key in ("p/a/1", "p/a/2", "p/b", "p/c/1", "p/c/2", "q/1"):
        put(client, key)

    pages = listed(client, prefix="p/", delimiter="/", max_keys=size)

    assert sorted(name for page in pages for name in page) == ["p/a/", "p/b", "p/c/"]
    assert all(len(page) <= size for page in pages)
