"""The spool's settings: valid and invalid values, and the address of requests."""

from __future__ import annotations

import pytest

from shared.settings import Environment, SettingError
from shared.spool.settings import LONGEST_PREFIX, SpoolSettings

NAME = "webtracking-spool/pending/a.json.gz"


def _read(**settings: str) -> SpoolSettings:
    usual = {"FC_REGION": "cn-hangzhou", "SPOOL_OSS_BUCKET": "spool-bucket"}
    return SpoolSettings.read(Environment({**usual, **settings}))


def test_by_default_the_bucket_is_asked_from_inside_its_region() -> None:
    spool = _read()
    assert spool.endpoint == "https://oss-cn-hangzhou-internal.aliyuncs.com"
    assert spool.address == "https://spool-bucket.oss-cn-hangzhou-internal.aliyuncs.com"
    assert (spool.prefix, spool.region) == ("webtracking-spool/", "cn-hangzhou")
    assert spool.target(NAME) == f"/{NAME}"
    assert spool.resource(NAME) == f"/spool-bucket/{NAME}"


def test_an_address_with_a_scheme_is_used_unchanged() -> None:
    spool = _read(SPOOL_OSS_ENDPOINT="http://127.0.0.1:9003")
    assert spool.address == spool.endpoint == "http://127.0.0.1:9003"
    assert spool.target(NAME) == spool.resource(NAME) == f"/spool-bucket/{NAME}"
    assert spool.region == "cn-hangzhou"


@pytest.mark.parametrize(
    ("settings", "region"),
    [
        ({"SLS_REGION": "eu-central-1"}, "cn-hangzhou"),
        ({"FC_REGION": "", "SLS_REGION": "eu-central-1"}, "eu-central-1"),
        ({"SPOOL_OSS_ENDPOINT": "oss-ap-southeast-1.aliyuncs.com"}, "ap-southeast-1"),
        ({"SPOOL_OSS_ENDPOINT": "oss-ap-southeast-1-internal.aliyuncs.com"}, "ap-southeast-1"),
        ({"SPOOL_OSS_ENDPOINT": "https://oss-ap-southeast-1.aliyuncs.com/"}, "ap-southeast-1"),
        ({"SPOOL_OSS_ENDPOINT": "oss.example.com"}, "cn-hangzhou"),
    ],
)
def test_the_region_is_the_endpoints_or_else_the_functions(settings: dict[str, str], region: str) -> None:
    assert _read(**settings).region == region


@pytest.mark.parametrize("bucket", ["abc", "a-1", "0b0", "x" * 63])
def test_a_valid_bucket_name_is_accepted(bucket: str) -> None:
    assert _read(SPOOL_OSS_BUCKET=bucket).bucket == bucket


@pytest.mark.parametrize("bucket", ["", "ab", "x" * 64, "Abc", "a_b", "-ab", "ab-", "a.b", "a/b", "åbc"])
def test_an_invalid_bucket_name_is_refused(bucket: str) -> None:
    with pytest.raises(SettingError, match="SPOOL_OSS_BUCKET"):
        _read(SPOOL_OSS_BUCKET=bucket)


@pytest.mark.parametrize(
    "prefix", ["a/", "a/b/", "A.b_c-9/", "...a/", "a../", "x" * (LONGEST_PREFIX - 1) + "/"]
)
def test_a_valid_prefix_is_accepted(prefix: str) -> None:
    assert _read(SPOOL_PREFIX=prefix).prefix == prefix


@pytest.mark.parametrize(
    "prefix",
    [
        "a",
        "/",
        "/a/",
        "a//",
        "a//b/",
        "../",
        "a/../",
        "./",
        "a/./b/",
        "a b/",
        "é/",
        "a/?/",
        "x" * LONGEST_PREFIX + "/",
    ],
)
def test_an_invalid_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(SettingError, match="SPOOL_PREFIX"):
        _read(SPOOL_PREFIX=prefix)


@pytest.mark.parametrize("endpoint", ["ftp://host", "https://user@host", "host:80", "http://host/path"])
def test_an_invalid_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(SettingError, match="SPOOL_OSS_ENDPOINT"):
        _read(SPOOL_OSS_ENDPOINT=endpoint)
