"""Addresses that follow from names."""

from __future__ import annotations

import pytest

from ops.verify.target import Target, base, region_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.cn-hangzhou.fcapp.run", "https://a.cn-hangzhou.fcapp.run"),
        ("https://logs.example.com/v1/", "https://logs.example.com/v1"),
        ("https://logs.example.com/v1/get_sts_token", "https://logs.example.com/v1"),
        ("https://logs.example.com/logstores/web/track_ua.gif", "https://logs.example.com"),
        ("https://logs.example.com/logstores", "https://logs.example.com"),
        ("https://logs.example.com/my-logstores/x", "https://logs.example.com/my-logstores/x"),
        ("http://127.0.0.1:9000/healthz?a=b", "http://127.0.0.1:9000"),
    ],
)
def test_the_base_of_a_url_is_what_lies_before_a_functions_routes(url: str, expected: str) -> None:
    assert base(url) == expected


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://track-abc.cn-hangzhou.fcapp.run", "cn-hangzhou"),
        ("https://logs.example.com", ""),
        ("https://cn-hangzhou.fcapp.run.example.com", ""),
    ],
)
def test_the_region_is_in_the_default_address_only(url: str, region: str) -> None:
    assert region_of(url) == region


def test_the_services_public_addresses_follow_from_region_and_project() -> None:
    target = Target("https://t", None, "web", project="shop-logs", region="cn-hangzhou")

    assert target.sls == "https://shop-logs.cn-hangzhou.log.aliyuncs.com"
    assert target.sts == "sts.cn-hangzhou.aliyuncs.com"


def test_an_endpoint_with_a_scheme_is_used_unchanged() -> None:
    target = Target("https://t", None, "web", project="shop-logs", sls_endpoint="http://127.0.0.1:9001/")

    assert target.sls == "http://127.0.0.1:9001"


def test_without_project_or_region_the_services_are_unknown() -> None:
    assert Target("https://t", None, "web", region="cn-hangzhou").sls == ""
    assert Target("https://t", None, "web", project="shop-logs").sls == ""
    assert Target("https://t", None, "web").sts == ""
